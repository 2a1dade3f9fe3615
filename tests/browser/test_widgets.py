"""What a learner sees and touches, in a real browser: from a file with no network, and in JupyterLab."""

import re

import numpy as np
import pytest

from seqlib.display import html, selfcheck
from seqlib.display.explorers.reading import HiddenState

CELLS = "jupyterapp.shell.currentWidget.content.widgets"
FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex='0']"
PAGE = (
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>t</title>{style}{body}"
)
DARK = "<style>:root{color-scheme:dark}body{background:#111;color:#fff}</style>"
SETUP = """
import numpy as np
from seqlib.display import html
from seqlib.display import selfcheck
from seqlib.display.explorers.reading import HiddenState
from IPython.display import HTML, display
rng = np.random.default_rng(7)
shapes = {"W_xh": (27, 24), "W_hh": (24, 24), "b_h": (24,), "W_hy": (24, 27), "b_y": (27,)}
weights = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
explorer = HiddenState(weights, list("abcdefghijklmnopqrstuvwxyz "), text="the quick brown fox")
"""


def hidden_state():
    """The explorer that SETUP makes."""
    scope = {}
    exec(SETUP, scope)
    return scope["explorer"]


def sentiment():
    rng = np.random.default_rng(3)
    vocab = ["not", "good", "bad", "the", "film", "was", "<unk>"]
    shapes = {"W_xh": (7, 10), "W_hh": (10, 10), "b_h": (10,), "W_hy": (10, 3), "b_y": (3,)}
    w = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
    labels = ["negative", "neutral", "positive"]
    return HiddenState(w, vocab, text="the film was not bad", task="classify", labels=labels)


def cards():
    question = selfcheck.Question(
        r"What is $\frac{\partial h_t}{\partial h_{t-1}}$ where $W_{hh}=0$?",
        [
            selfcheck.Choice("zero", True, "Right: `0`."),
            selfcheck.Choice("one", False, "No path adds $h_{t-1}$."),
        ],
    )
    deck = [
        selfcheck.Card("Hidden state", "what is carried from step to step"),
        selfcheck.Card("BPTT", "$W$"),
    ]
    check = html.check_result(
        "02.rnn_step", "wrong", 1, 3, [("a batch of 3", False, "`h_t`: expected (3, 5), found (5, 3)")],
        "the weights are swapped", ["your function printed: $5 and $6"], True, ["one", "two", "three"],
    )  # fmt: skip
    claim = ("A bag of words is blind to order", "a textbook", "51 % against 50 %", "holds", "§ Build it")
    shown = [
        selfcheck.show_quiz([question]),
        selfcheck.show_flashcards(deck),
        selfcheck.reveal(60, 51.3, "accuracy", "%"),
        selfcheck.claims([claim]),
    ]
    return "".join([check, *(one._repr_html_() for one in shown)])


@pytest.fixture
def static(new_page, tmp_path):
    """Opens HTML from a file, as a reader of a static page does with no network."""

    def static(body, **options):
        file = tmp_path / "page.html"
        style = DARK if options.get("dark") else ""
        file.write_text(PAGE.format(body=body, style=style), encoding="utf-8")
        page = new_page(**options)
        page.goto(file.as_uri())
        return page

    return static


def computed(page, which=0):
    """The states and probabilities that the browser computed, at full precision."""
    steps = (
        page.locator(".sx")
        .nth(which)
        .evaluate("root => root.explorer.steps.map(step => [Array.from(step.h), Array.from(step.p)])")
    )
    return np.array([h for h, _ in steps]), np.array([p for _, p in steps])


def agrees(page, explorer, text=None, which=0):
    for browser, numpy in zip(computed(page, which), explorer.read(text), strict=True):
        assert browser.shape == numpy.shape
        assert np.abs(browser - numpy).max() < 1e-9
    return True


def result(page, which=0):
    line = page.locator(".sx").nth(which).get_attribute("data-result")
    return dict(part.split("=", 1) for part in line.split(" "))


def test_the_browser_computes_what_numpy_computes(static):
    explorer = hidden_state()
    page = static(explorer._repr_html_())
    assert agrees(page, explorer)
    for text in ["a", "zebra crossing", "THE fox", "naïve fox!", "x" * 160]:
        page.locator("input[type=text]").fill(text)
        assert agrees(page, explorer, text)
    _, p = explorer.read("x" * 160)
    assert result(page)["step"] == "160" and result(page)["argmax"] == explorer.vocab[p[-1].argmax()]
    assert float(result(page)["p(top)"]) == pytest.approx(p[-1].max(), abs=1e-4)


def test_words_and_classes(static):
    explorer = sentiment()
    page = static(explorer._repr_html_())
    assert agrees(page, explorer)
    assert page.locator(".sx-odds b").all_inner_texts() == explorer.labels
    page.locator("input[type=text]").fill("Not good, honestly bad")
    assert agrees(page, explorer, "Not good, honestly bad")
    assert "“good,” “honestly” (read as <unk>)" in page.locator(".sx-note").inner_text()
    assert page.locator(".sx-unknown").all_inner_texts() == ["good,", "honestly"]


def test_two_explorers_and_the_same_one_twice_live_on_one_page(static):
    one, two = hidden_state(), sentiment()
    page = static(one._repr_html_() + two._repr_html_() + one._repr_html_())
    page.locator("input[type=text]").nth(2).fill("lazy dog")
    assert agrees(page, one, which=0) and agrees(page, two, which=1) and agrees(page, one, "lazy dog", which=2)


def test_time_and_units_are_walked_with_keys_and_mouse(static):
    explorer = hidden_state()
    states, _ = explorer.read()
    page = static(explorer._repr_html_())
    step, unit = page.locator("input[type=range]").all()
    step.press("Home")
    assert (result(page)["step"], result(page)["token"]) == ("1", "t")
    step.press("ArrowRight")
    assert (result(page)["step"], result(page)["token"]) == ("2", "h")
    unit.press("End")
    assert float(result(page)["h[23]"]) == pytest.approx(states[1, 23], abs=1e-4)
    page.locator(".sx-strip").press("ArrowUp")
    page.locator(".sx-strip").press("ArrowRight")
    assert float(result(page)["h[22]"]) == pytest.approx(states[2, 22], abs=1e-4)
    heat = page.locator(".sx-heat canvas")
    box = heat.bounding_box()
    cell = {"x": box["width"] * 5.5 / len(states), "y": box["height"] * 3.5 / 24}
    heat.hover(position=cell)
    assert result(page)["step"] == "6" and "h[22]" in result(page)
    heat.click(position=cell)
    assert float(result(page)["h[3]"]) == pytest.approx(states[5, 3], abs=1e-4)
    page.locator(".sx-bars div").nth(9).click()
    assert float(result(page)["h[9]"]) == pytest.approx(states[5, 9], abs=1e-4)
    page.locator(".sx-tokens span").nth(0).click()
    assert result(page)["step"] == "1"


def test_it_reads_aloud_when_asked_and_stops(static):
    page = static(hidden_state()._repr_html_())
    page.get_by_role("button").click()
    page.wait_for_function("() => document.querySelector('.sx').dataset.result.includes('step=3 ')")
    page.get_by_role("button").click()
    stopped = result(page)
    page.wait_for_timeout(500)
    assert result(page) == stopped


def test_strange_and_empty_and_hostile_text(static):
    explorer = hidden_state()
    page = static(explorer._repr_html_())
    box, note = page.locator("input[type=text]"), page.locator(".sx-note")
    assert note.inner_text() == ""
    box.fill("café $x$")
    assert "“é” “$”" in note.inner_text() and "skipped" in note.inner_text()
    assert page.locator(".sx-skipped").all_inner_texts() == ["é", "$", "$"]
    box.fill("")
    assert "Type something" in note.inner_text()
    assert page.locator(".sx").get_attribute("data-result") == "step=0 nothing read"
    box.fill("<img src=x onerror=alert(1)>")
    assert page.locator(".sx img").count() == 0
    box.fill("ab" * 200)
    assert "Only the first 160" in note.inner_text()
    assert computed(page)[0].shape == (160, 24)


def heat_colours(page):
    """The strip's pixels in the middle of each cell, as unit rows of (red, green, blue, alpha)."""
    return page.evaluate("""() => {
      const canvas = document.querySelector('.sx canvas'), root = document.querySelector('.sx');
      const T = root.explorer.steps.length, H = root.explorer.steps[0].h.length;
      const pen = canvas.getContext('2d'), w = canvas.width / T, h = canvas.height / H;
      return Array.from({length: H}, (_, i) => Array.from({length: T}, (_, t) =>
        Array.from(pen.getImageData((t + .4) * w, (i + .4) * h, 1, 1).data)));
    }""")


def test_the_picture_shows_the_numbers(static):
    explorer = hidden_state()
    states, _ = explorer.read()
    pixels = np.array(heat_colours(static(explorer._repr_html_())))
    assert np.abs(pixels[..., 3] / 255 - np.abs(states.T)).max() < 0.01
    strong = np.abs(states.T) > 0.3
    assert ((pixels[..., 0] > pixels[..., 2]) == (states.T > 0))[strong].all()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page(static, width, dark):
    page = static(hidden_state()._repr_html_() + sentiment()._repr_html_() + cards(), width=width, dark=dark)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.locator(".sl-card, .sx").evaluate_all(
        "(all, width) => all.every(one => one.getBoundingClientRect().right <= width)", width
    )
    colours = page.locator(".sl-title, .sl-q p, .sx-odds em").evaluate_all(
        "all => [...new Set(all.map(one => getComputedStyle(one).color))]"
    )
    assert colours == ["rgb(255, 255, 255)" if dark else "rgb(0, 0, 0)"]


def test_everything_focusable_suppresses_shortcuts_and_has_a_name(static):
    page = static(hidden_state()._repr_html_() + cards())
    focusable = page.locator(FOCUSABLE)
    assert focusable.count() >= 12
    assert focusable.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    for role, names in {"slider": ["Step", "Unit"], "textbox": ["Your text"], "button": ["▶ Read"]}.items():
        for name in names:
            assert page.get_by_role(role, name=name).count() == 1


def test_cards_open_with_the_keyboard_and_quiz_choices_close_each_other(static):
    page = static(cards())
    # The order of choices follows from their words: take them as they stand.
    first, second = page.locator(".sl-choice summary").all()
    said = {True: "Right: 0", False: "Not quite."}
    right_first = first.inner_text().startswith("zero")
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".sl-choice[open]").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator(".sl-choice[open]").inner_text().startswith("one" if right_first else "zero")
    assert page.get_by_text(said[not right_first]).is_visible()
    assert not page.get_by_text(said[right_first]).is_visible()
    assert not page.get_by_text("three").is_visible()
    for title in ("A first hint", "One more step", "Nearly the answer"):
        page.get_by_text(title).click()
    assert page.get_by_text("three").is_visible()


def test_in_jupyterlab(lab, new_page):
    """One notebook for all that needs a live JupyterLab, since each start costs seconds."""
    lab.write("live.ipynb", SETUP, "explorer", "explorer", f"display(HTML({cards()!r}))", "last = 1", "last")
    page = new_page(allowed=lab.address)
    lab.open(page, "live.ipynb")
    lab.command(page, "notebook:run-all-cells")
    page.locator(".sx[data-result]").nth(1).wait_for()
    assert not [o for outputs in lab.outputs(page) for o in outputs if o["output_type"] in ("error", "stream")]

    explorer = hidden_state()
    assert agrees(page, explorer, which=0) and agrees(page, explorer, which=1)
    page.locator(".sx input[type=text]").nth(1).fill("lazy dog")
    assert agrees(page, explorer, "lazy dog", which=1)

    # The page's typesetter takes the fraction and leaves a learner's own dollars alone.
    page.locator("mjx-container").first.wait_for()
    assert page.locator(".sl-card mjx-container").count() == 1
    assert "$5 and $6" in page.locator(".sl-card").first.inner_text()

    types_into_everything(page, lab)
    a_saved_notebook_stays_alive_without_its_kernel(page, lab, explorer)
    cards_follow_the_dark_theme(page, lab)


def types_into_everything(page, lab):
    """Single keys that JupyterLab would take for commands change nothing while an output has the focus."""
    cells = f"() => {CELLS}.map(cell => cell.model.sharedModel.getSource()).join()"
    before = page.evaluate(cells)
    outputs = page.locator(f".jp-OutputArea-output :is({FOCUSABLE})")
    assert outputs.count() >= 16
    assert outputs.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    # One of each kind: typing into every single one would take long.
    for kind in ("summary", "[type=range]", "[type=text]", "button", ".sx-strip"):
        for output in (outputs.and_(page.locator(kind)).first, outputs.and_(page.locator(kind)).last):
            if output.is_visible():
                output.focus()
                page.keyboard.type("ddxab")
    assert page.evaluate(cells) == before


def a_saved_notebook_stays_alive_without_its_kernel(page, lab, explorer):
    lab.command(page, "docmanager:save")
    page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
    lab.open(page, "live.ipynb")
    page.locator(".sx[data-result]").first.wait_for()
    page.locator(".sx input[type=text]").first.fill("still here")
    assert agrees(page, explorer, "still here")
    page.locator(".sl-choice summary").first.click()
    assert page.locator(".sl-choice[open]").count() == 1


def cards_follow_the_dark_theme(page, lab):
    lab.command(page, "apputils:change-theme", theme="JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    for css in (".sl-title", ".sl-msg", ".sx input[type=text]", ".sx button", ".sl-table td"):
        colour = page.locator(css).first.evaluate("one => getComputedStyle(one).color")
        assert min(map(int, re.findall(r"\d+", colour)[:3])) > 200, (css, colour)

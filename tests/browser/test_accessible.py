"""Every explorer, on the data that the solved notebooks keep: the standard checker, names and keys, in both schemes."""

import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import torch

from seqlib.data.number_words import number_pair
from seqlib.data.pairs import pair_vocabularies
from seqlib.display.explorers.beam import BeamExplorer
from seqlib.display.explorers.blocks import BlocksExplorer
from seqlib.display.explorers.positions import PositionExplorer
from seqlib.models.gpt import GPT, GPTConfig
from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "seqlib" / "display" / "explorers"
# As in a notebook: an explorer stands in a section.
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>An explorer</title>{style}<main><h1>A notebook</h1><h2>A section</h2>{body}</main></html>"
)
DARK = "<style>:root{color-scheme:dark}body{background:#111;color:#fff}</style>"
FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]"
MODES = pytest.mark.parametrize("width, dark", [(390, True), (1000, False)], ids=["narrow dark", "wide light"])


def with_todays_script(kept: str) -> str:
    """A kept explorer with its data, and with script and style as they are now: a first line names the script."""
    begin, end = "<script>(() => {\n", "\nconst before = document.currentScript"
    scripts = {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js")}
    shared = scripts.pop("shared.js")
    (own,) = [text for text in scripts.values() if text.partition("\n")[0] + "\n" in kept]
    script = f"{shared}\n{own}"
    style = (SCRIPTS / "explorer.css").read_text(encoding="utf-8")
    body = kept.partition("</style>")[2]
    return f"<style>{style}</style>{body[: body.index(begin)]}{begin}{script}{body[body.index(end) :]}"


def explorers() -> dict[str, str]:
    """{notebook and number: HTML} of those that are kept, and of those that no notebook keeps yet."""
    found = {}
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
        shown = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
        kept = [html for html in shown if 'class="sx ' in html and "<script>" in html]
        found |= {f"{path.stem[:2]}.{k}": with_todays_script(html) for k, html in enumerate(kept, 1)}
    made = [PositionExplorer("sinusoids added"), small_gpt(), small_translator()]
    return found | {one.script.removesuffix(".js"): one._repr_html_() for one in made}


def small_gpt():
    torch.manual_seed(0)
    model = GPT(GPTConfig(7, width=16, layers=2, heads=4, positions="rotary"))
    return BlocksExplorer.of(model, list("abcdef "), text="abc fed " * 5)


def small_translator():
    torch.manual_seed(0)
    source, target = pair_vocabularies([number_pair([n, 59 - n]) for n in range(60)])
    model = Seq2Seq(Encoder(len(source), 5, 10), Decoder(len(target), 5, 10, 10))
    task = SimpleNamespace(source_vocabulary=source, target_vocabulary=target, max_steps=12)
    return BeamExplorer.of(model, task, [number_pair([n]) for n in range(60)], [42, 7, 59], length_power=0.5)


HTML = explorers()
EACH = pytest.mark.parametrize("name", list(HTML))


@pytest.fixture
def opened(new_page, tmp_path):
    """opened(name, width=, dark=): a page with that explorer, once its script has drawn it."""

    def opened(name, **options):
        file = tmp_path / "page.html"
        style = DARK if options.get("dark") else ""
        file.write_text(PAGE.format(body=HTML[name], style=style), encoding="utf-8")
        page = new_page(**options)
        page.goto(file.as_uri())
        page.wait_for_selector(".sx[data-result]")
        return page

    return opened


def test_every_script_is_among_those_checked():
    names = {path.name for path in SCRIPTS.glob("*.js")}
    assert {
        name for name in names if any((SCRIPTS / name).read_text("utf-8") in html for html in HTML.values())
    } == names


@EACH
@MODES
def test_the_standard_checker_finds_nothing(opened, violations, name, width, dark):
    page = opened(name, width=width, dark=dark)
    found = violations(page)
    assert not found, "\n".join(found)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{over} pixels too wide"


@EACH
def test_it_keeps_its_keys_and_says_in_words_what_it_shows(opened, name):
    page = opened(name)
    controls = page.locator(f".sx :is({FOCUSABLE})")
    assert controls.count() and controls.evaluate_all("all => all.every(o => o.dataset.lmSuppressShortcuts === 'true')")
    assert page.locator("[aria-current]").evaluate_all(
        "all => all.every(o => o.getAttribute('aria-current') === 'true')"
    )
    attributes = "root => [...root.querySelectorAll('*')].map(o => `${o.ariaLabel} ${o.ariaValueText}`).join()"
    told = page.locator(".sx").inner_text() + page.locator(".sx").evaluate(attributes)
    assert "RESULT" not in told
    spoken = page.locator(".sx :is([aria-live], [role=status])").all_text_contents()
    assert any(spoken) and not [text for text in spoken if re.search(r"\b\w+(\[\d+\])?=\S", text)], spoken


def test_no_key_typed_into_an_explorer_changes_a_notebook(lab, new_page):
    """JupyterLab deletes a cell on `d d`, cuts one on `x`, adds one on `a` and `b`: not from inside an explorer."""
    (lab.folder / "explorers.txt").write_text("\0".join(HTML.values()), encoding="utf-8")
    shown = "from IPython.display import HTML, display\nfrom pathlib import Path\nfor html in Path('explorers.txt')"
    lab.write("keys.ipynb", f"{shown}.read_text('utf-8').split('\\0'): display(HTML(html))", "last = 1")
    page = new_page(allowed=lab.address)
    lab.open(page, "keys.ipynb")
    lab.command(page, "notebook:run-all-cells")
    page.locator(".sx[data-result]").nth(len(HTML) - 1).wait_for(timeout=180_000)
    cells = "() => jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.sharedModel.getSource()).join('§')"
    before, everything = page.evaluate(cells), page.locator(".sx")
    for k in range(everything.count()):
        controls = everything.nth(k).locator(f":is({FOCUSABLE}):visible:enabled")
        for kind in (
            "[type=range]",
            "[type=text]",
            "[type=checkbox]",
            "textarea",
            "select",
            "button",
            "[tabindex='0']",
        ):
            one = controls.and_(page.locator(kind)).first
            if one.count():
                one.focus()
                page.keyboard.type("ddxab")
    assert page.evaluate(cells) == before

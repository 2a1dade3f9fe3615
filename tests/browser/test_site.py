"""The web site, built once and walked in a browser: from files, with no network, wide and narrow, light and dark."""

import html
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from website import npm, pages  # noqa: E402

BOOKS = [path.stem for path in pages.sources()]
NEW = ["index", "claims", "glossary", "flashcards", "checks"]
# Each page costs the checker 20 seconds: every fifth by default, and all of them with COURSE_WHOLE=1.
WALKED = list(enumerate(BOOKS))[:: 1 if os.environ.get("COURSE_WHOLE") else 5]
SECONDS = 90  # of processor time; about 20 on the machines that the course is meant for
MODES = pytest.mark.parametrize("width, dark", [(390, True), (1100, False)], ids=["narrow dark", "wide light"])


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """(the site's folder, seconds of processor time, whether MathJax is in it)."""
    pytest.importorskip("myst_nb", reason="the site's packages are not installed (extra: site)")
    folder = tmp_path_factory.mktemp("site")
    try:
        npm.fetched(npm.MATHJAX)
        plain = []
    except npm.Missing:
        plain = ["--plain-formulas"]
    began = _spent()
    command = [sys.executable, str(ROOT / "tools" / "build_site.py"), "--out", str(folder), *plain]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html", _spent() - began, not plain


def _spent() -> float:
    """Seconds of processor time of the programs that we started; a busy machine does not change it."""
    if os.name == "nt":
        return time.monotonic()
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def visit(built, new_page):
    """visit("02_rnn", width=, dark=): that page, opened from its file and ready; a request that leaves fails."""

    def visit(name, page=None, **options):
        page = page or new_page(**options)
        page.set_default_timeout(120_000)
        page.goto((built[0] / f"{name}.html").as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    return visit


def texts(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}


# --- as files -----------------------------------------------------------------------------------------


def test_it_is_built_in_time_from_every_notebook(built):
    folder, seconds, _ = built
    assert seconds < SECONDS
    assert {*BOOKS, *NEW, "search"} <= {path.stem for path in folder.glob("*.html")}


def test_a_page_and_its_pictures_stay_below_two_megabytes(built):
    folder, _, _ = built
    for name, text in texts(folder).items():
        pictures = set(re.findall(r'src="(_images/[^"]+)"', text))
        size = len(text.encode()) + sum((folder / picture).stat().st_size for picture in pictures)
        assert size < 2e6, f"{name}: {size / 1e6:.2f} MB"


def test_every_link_of_the_site_leads_to_a_place_that_is_there(built):
    folder, _, _ = built
    found = texts(folder)
    ids = {name: set(re.findall(r'\sid="([^"]+)"', text)) for name, text in found.items()}
    dead = []
    for name, text in found.items():
        for address in map(html.unescape, re.findall(r'<a\b[^>]*?\shref="([^"]*)"', text)):
            if address.startswith(("https://", "mailto:")) or address in ("#", ""):
                continue
            file, _, place = address.partition("#")
            target = unquote(file.split("?")[0]) or name
            if not (folder / target).is_file() or place and target in ids and unquote(place) not in ids[target]:
                dead.append(f"{name}: {address}")
    assert not dead, dead[:20]


def test_nothing_is_loaded_from_elsewhere(built):
    folder, _, _ = built
    for name, text in texts(folder).items():
        loaded = re.findall(r'<(?:script|img|iframe|source)\b[^>]*?\ssrc="([^"]+)"', text)
        loaded += [a for tag in re.findall(r"<link\b[^>]*>", text) if "canonical" not in tag
                   for a in re.findall(r'href="([^"]+)"', tag)]  # fmt: skip
        assert not [a for a in loaded if re.match(r"(https?:)?//", a)], name


def test_a_page_opens_its_notebook_unsolved_on_colab_and_binder(built):
    folder, _, _ = built
    for stem in BOOKS:
        text = (folder / f"{stem}.html").read_text(encoding="utf-8")
        for host in ("colab.research.google.com/github", "mybinder.org/v2/gh"):
            opened = [a for a in re.findall(r'href="(https://[^"]+)"', text) if host in a]
            assert opened and all(a.endswith(f"notebooks/{stem}.ipynb") for a in opened), (stem, opened)


def test_each_answer_is_folded_below_its_task(built):
    from bs4 import BeautifulSoup

    folder, _, _ = built
    for stem in BOOKS:
        book = nbformat.read(ROOT / "solutions" / f"{stem}.ipynb", as_version=4)
        given = pages.unsolved(stem)
        exercises = [c for c in book.cells if c.metadata.get("nbgrader", {}).get("solution")]
        page = BeautifulSoup((folder / f"{stem}.html").read_text(encoding="utf-8"), "html.parser")
        answers = [d for d in page.select("details") if "One right answer" in d.summary.get_text()]
        tasks = page.select("div.cell.tag_task")
        assert len(answers) == len(tasks) == len(exercises), stem
        for task, answer, cell in zip(tasks, answers, exercises, strict=True):
            assert not answer.has_attr("open")
            assert task.get_text().split() == given[cell.metadata.nbgrader.grade_id].split(), stem
            body = re.search(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", cell.source, re.DOTALL)[1]
            assert body.split()[-1] in answer.get_text() and "".join(body.split()) not in "".join(
                task.get_text().split()
            )


def test_code_that_only_draws_is_folded(built):
    folder, _, _ = built
    for stem in BOOKS:
        book = nbformat.read(ROOT / "solutions" / f"{stem}.ipynb", as_version=4)
        drawn = [c for c in book.cells if "fold" in c.metadata.get("tags", [])]
        text = (folder / f"{stem}.html").read_text(encoding="utf-8")
        folded = re.findall(r'<details class="[^"]*\bhide[^"]*">\s*<summary>\s*<p[^>]*>Code · ', text)
        assert len(folded) == len(drawn), stem


# --- in a browser -------------------------------------------------------------------------------------


@MODES
def test_no_page_is_wider_than_the_screen(built, visit, width, dark):
    page = visit("index", width=width, dark=dark)
    for name in sorted(path.stem for path in built[0].glob("*.html")):
        page.goto((built[0] / f"{name}.html").as_uri())
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{name} at {width}: {over} pixels too wide"


@MODES
@pytest.mark.parametrize("name", [*NEW, "00_start", "02_rnn"])
def test_the_standard_checker_finds_nothing(visit, violations, name, width, dark):
    found = violations(visit(name, width=width, dark=dark))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("k, name", WALKED)
def test_the_standard_checker_finds_nothing_in_any_notebook(visit, violations, k, name):
    """One half narrow and dark, the other wide and light; formulas, most of a page, are gone through in 02 alone."""
    modes = {"width": 390, "dark": True}, {"width": 1100, "dark": False}
    found = violations(visit(name, **modes[k % 2]), without=["mjx-container"])
    assert not found, "\n".join(found)


def test_formulas_are_set_without_a_network(built, visit):
    if not built[2]:
        pytest.skip("MathJax could not be fetched: the site was built with plain formulas")
    page = visit("02_rnn")
    assert page.locator("mjx-container svg").count() > 20
    assert page.locator("mjx-merror, [data-mml-node=merror]").count() == 0
    assert page.get_by_text("\\tag{").count() == 0


def test_an_answer_opens_by_keyboard(visit):
    page = visit("02_rnn", width=390)
    answer = page.locator("details", has_text="One right answer").first
    code = answer.locator("pre")
    assert not code.is_visible()
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert code.is_visible() and "states.append(h)" in code.inner_text()


@MODES
def test_an_explorer_moves_by_keyboard_without_a_kernel(visit, width, dark):
    page = visit("05_lstm", width=width, dark=dark)
    explorer = page.locator(".sx[data-result]").first
    before = explorer.get_attribute("data-result")
    explorer.locator("[tabindex='0']").first.focus()
    page.keyboard.press("ArrowLeft")
    assert explorer.get_attribute("data-result") != before
    assert explorer.bounding_box()["width"] <= width


def test_where_scripts_are_refused_pictures_and_answers_stay(built, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built[0] / "05_lstm.html").as_uri())
    assert page.locator(".sx img[alt]").first.is_visible() and page.locator(".sx p").first.inner_text()
    page.goto((built[0] / "flashcards.html").as_uri())
    assert page.locator(".faces details").count() > 100
    context.close()


def test_a_page_is_marked_done_and_stays_so(visit):
    page = visit("02_rnn")
    page.get_by_role("button", name="Mark this page as done").focus()
    page.keyboard.press("Enter")
    page = visit("index", page)
    assert f"1 of {len(BOOKS)}" in page.locator("#progress").inner_text()
    assert page.locator(".bd-links a.done").count() == 1
    page = visit("02_rnn", page)
    page.get_by_role("button", name="take the mark away").click()
    assert visit("index", page).locator("#progress").is_hidden()


def test_a_card_that_is_known_comes_back_later_and_one_that_is_not_soon(visit):
    page = visit("flashcards", width=390)
    page.get_by_label("Cards of").select_option("02")
    total = page.evaluate(
        "JSON.parse(document.getElementById('cards').textContent).filter(c => c.book === '02').length"
    )
    face, counts = page.locator(".face"), page.locator(".counts")
    assert counts.inner_text().startswith(f"{total} to ask now.")
    first = face.inner_text()
    page.get_by_role("button", name="Turn the card").focus()
    page.keyboard.press("Space")
    assert len(face.inner_text()) > len(first)
    page.keyboard.press("1")
    assert counts.inner_text().startswith(f"{total - 1} to ask now.") and face.inner_text() != first
    second = face.inner_text()
    page.keyboard.press("Space")
    page.keyboard.press("2")
    assert counts.inner_text().startswith(f"{total - 1} to ask now.") and face.inner_text() != second
    page = visit("flashcards", page)  # what was answered is kept
    kept = page.evaluate("JSON.parse(localStorage.getItem('sequence-models.cards'))")
    assert sorted(box for box, _ in kept.values()) == [0, 1]
    page.evaluate("window.cardsNow = Date.now() + 1.01 * 86400000")
    page.get_by_label("Cards of").select_option("02")
    assert counts.inner_text().startswith(f"{total} to ask now.")  # a day later the first is asked again


def test_claims_are_filtered_by_verdict(visit):
    page = visit("claims", width=390)
    rows = page.locator(".claims tbody tr")
    everything = rows.count()
    page.get_by_role("button", name=re.compile("fails")).click()
    shown = page.locator(".claims tbody tr:visible")
    assert 0 < shown.count() < everything
    assert {text.split(": ")[-1] for text in shown.locator("[data-label=Verdict]").all_inner_texts()} == {"fails"}


def test_the_glossary_leads_to_the_place_where_a_term_is_defined(visit):
    page = visit("glossary")
    page.locator("dt a", has_text="forget gate").first.click()
    page.wait_for_url("**/05_lstm.html#def-*")
    place = page.evaluate("document.querySelector(decodeURIComponent(location.hash)).getBoundingClientRect().top")
    assert -5 < place < 400
    assert page.get_by_text("forget gate").first.is_visible()


def test_search_finds_pages(visit, built):
    page = visit("index")
    page.goto((built[0] / "search.html").as_uri() + "?q=perplexity")
    page.wait_for_selector("ul.search li a")
    assert "01_why_order_matters.html" in " ".join(
        a.get_attribute("href") for a in page.locator("ul.search li a").all()
    )


def test_one_page_leads_to_the_next_and_back(visit):
    page = visit(BOOKS[0])
    page.locator("a.right-next").click()
    page.wait_for_url(f"**/{BOOKS[1]}.html")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{BOOKS[0]}.html")


def test_the_page_of_cards_has_every_card_of_the_course(built):
    from seqlib.display.questions import of_notebook

    text = (built[0] / "flashcards.html").read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="cards">(.*?)</script>', text, re.DOTALL)[1]
    cards = json.loads(data)
    assert len(cards) == sum(len(of_notebook(stem)[1]) for stem in BOOKS)
    assert len({card["key"] for card in cards}) == len(cards)

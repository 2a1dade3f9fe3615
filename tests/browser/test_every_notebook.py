"""Every notebook opened once in JupyterLab, and every explorer that one of them shows moved by keyboard alone."""

import os
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOKS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))
EXPLORER = re.compile(r'<div class="sx[ "].*?<script>.*?</script>', re.DOTALL)

OPEN = """path => { jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' }); }"""
PANEL = "window.jupyterapp?.shell.currentWidget"  # which comes after the page, now and then late
OPENED = f"path => {PANEL}?.context?.path === path && {PANEL}.context.isReady"
IN_VIEW = """() => {
    const root = jupyterapp.shell.currentWidget.node;
    return {
        broken: [...root.querySelectorAll('mjx-merror, [data-mjx-error]')].map(one => one.outerHTML.slice(0, 200)),
        pictures: [...root.querySelectorAll('img')].filter(one => one.complete && !one.naturalWidth).length,
        dialogs: [...document.querySelectorAll('.jp-Dialog')].map(one => one.innerText),
    };
}"""


@pytest.fixture(scope="module")
def desk(lab, browser):
    """(a JupyterLab that stays open, what went wrong in it). Its kernel never answers: a reader needs none."""
    lab.mute_kernel("mute")
    context = browser.new_context(viewport={"width": 1100, "height": 1200})
    page, complaints = context.new_page(), []
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on("request", lambda r: r.url.startswith((lab.address, "data:", "blob:")) or complaints.append(r.url))
    page.goto(f"{lab.address}/lab/workspaces/reading?reset")
    page.wait_for_selector("#jupyterlab-splash", state="detached")
    page.wait_for_function(f"() => {PANEL}")
    yield page, complaints
    context.close()
    lab.end_kernels()


# Every second one by default, and all of them with COURSE_WHOLE=1: they differ in their cells, not in how they open.
@pytest.mark.parametrize("path", BOOKS[:: 1 if os.environ.get("COURSE_WHOLE") else 2], ids=lambda path: path.stem)
def test_a_notebook_opens_in_jupyterlab(lab, desk, path):
    """All of its cells are read, its beginning is shown, nothing asks, no script fails. (Whole pages: test_site.)"""
    page, complaints = desk
    book = nbformat.read(path, as_version=4)
    book.metadata.kernelspec = {"name": "mute", "display_name": "mute"}
    nbformat.write(book, lab.folder / path.name)
    page.evaluate(OPEN, path.name)
    page.wait_for_function(OPENED, arg=path.name)
    assert page.evaluate(f"() => {PANEL}.content.model.cells.length") == len(book.cells)
    title = book.cells[0].source.splitlines()[0].strip("# ")
    page.wait_for_function("title => jupyterapp.shell.currentWidget.node.innerText.includes(title)", arg=title)
    shown = page.evaluate(IN_VIEW)
    assert not shown["broken"] and not shown["pictures"], shown["broken"]
    assert not shown["dialogs"] and not complaints, (shown["dialogs"], complaints)


def explorers() -> dict[str, str]:
    """{the first notebook that shows it: the saved HTML of an explorer}, one for each script."""
    found = {}
    for path in BOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                for page in EXPLORER.findall(output.get("data", {}).get("text/html", "")):
                    script = page.partition("<script>")[2].partition("mount(root, {")[0]
                    found.setdefault(re.sub(r'"sx-\w+"', "", script), (path.stem, page))
    return {f"{stem} {number}": page for number, (stem, page) in enumerate(found.values(), 1)}


KEYS = {
    "range": ["ArrowRight", "ArrowLeft"],
    "select-one": ["ArrowDown", "ArrowUp"],
    "text": ["a"],
    "button": ["Enter"],
}
FOCUSED = "() => document.activeElement.type || document.activeElement.tagName.toLowerCase()"


@pytest.mark.parametrize("explorer", explorers().values(), ids=explorers())
def test_an_explorer_is_moved_by_keys_alone(new_page, tmp_path, explorer):
    """Tab reaches it, and a key that fits the control in focus changes what it says."""
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><title>t</title>{explorer}", encoding="utf-8")
    page = new_page()
    page.goto(file.as_uri())
    said = page.locator(".sx")
    before, tried = said.get_attribute("data-result"), []
    for _ in range(12):
        page.keyboard.press("Tab")
        kind = page.evaluate(FOCUSED)
        for key in KEYS.get(kind, ["ArrowRight", "ArrowLeft"]):
            tried.append(f"{kind} {key}")
            page.keyboard.press(key)
            if said.get_attribute("data-result") != before:
                return
    pytest.fail(f"none of {', '.join(tried)} changes {before!r}")

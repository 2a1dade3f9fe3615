"""A notebook's page: its executed edition with each answer folded, its links turned to the site, places to link to."""

import re
from functools import cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

ROOT = Path(__file__).resolve().parents[2]
BANNER = re.compile(r"\*The solved edition: made from .*", re.DOTALL)
TITLE = re.compile(r"# @title (.*)\n")
CLAIMS = 'aria-label="Claims"'
GUIDES = ("checks", "instructors", "cluster")


def sources() -> list[Path]:
    """The executed notebooks, in the course's order."""
    return sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))


def titles() -> dict[str, str]:
    """{"02_rnn": "02 · The recurrent network"}."""
    return {path.stem: _title(path) for path in sources()}


@cache
def _title(path: Path) -> str:
    return read(path).cells[0].source.splitlines()[0].lstrip("# ")


@cache
def read(path: Path):
    return nbformat.read(path, as_version=4)


def unsolved(stem: str) -> dict[str, str]:
    """{grade_id: what a learner is given} of a notebook's exercises."""
    cells = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}


def places(repository: str, stem: str) -> dict[str, str]:
    """Where a notebook opens: {"Colab": address, …}."""
    name = repository.removeprefix("https://github.com/")
    file = f"notebooks/{stem}.ipynb"
    return {
        "Colab": f"https://colab.research.google.com/github/{name}/blob/main/{file}",
        "Binder": f"https://mybinder.org/v2/gh/{name}/main?urlpath=doc/tree/{file}",
        "GitHub": f"{repository}/blob/main/{file}",
    }


def linked(text: str, repository: str, folder_of: str = "") -> str:
    """Markdown whose links to notebooks lead to the site's pages, and those to other files to the repository.

    `folder_of` is the folder of the text, such as "docs/", where its links to files beside it count from there.
    """

    def link(match: re.Match) -> str:
        words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        if book := re.fullmatch(r"(?:\.\./)?(?:notebooks/|solutions/)?(\d\d_\w+)\.ipynb(#.*)?", target):
            # A notebook that is still to come is named, and not linked.
            return f"[{words}]({book[1]}.ipynb{book[2] or ''})" if book[1] in titles() else words
        if guide := re.fullmatch(r"(?:\.\./)?(?:docs/)?(\w+)\.md(#.*)?", target):
            if guide[1] in GUIDES:
                return f"[{words}]({guide[1]}.md)"
        folder = "solutions/" if re.fullmatch(r"\d\d_\w+\.py", target) else folder_of
        return f"[{words}]({repository}/blob/main/{folder}{target.removeprefix('../')})"

    return re.sub(r"(?<!!)\[([^\[\]]+)\]\(([^)\s]+)\)", link, text)


def prose(path: Path) -> str:
    """All that a notebook's Markdown cells say."""
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def headings(stem: str) -> list[str]:
    """The sections of a notebook, as they are written."""
    return re.findall(r"^## (.+)$", prose(ROOT / "solutions" / f"{stem}.ipynb"), flags=re.MULTILINE)


def found(phrase: str, text: str) -> re.Match | None:
    """Where `phrase` stands in `text`, however the lines are broken."""
    return re.search(r"\s+".join(map(re.escape, phrase.split())), text)


def section(heading: str) -> str:
    """The id of a section's place on its page."""
    words = re.sub(r"[\W_]+", "-", re.sub(r"<[^>]+>|\$[^$]*\$", "", heading)).strip("-")
    return f"sec-{words.lower()}"


def page(path: Path, repository: str, anchors: dict[str, str]):
    """The notebook as the site shows it. `anchors` is {words that a cell holds: id of the place before them}."""
    stem, book = path.stem, read(path)
    given, cells, left = unsolved(stem), [], dict(anchors)
    for cell in book.cells:
        if cell.cell_type == "markdown":
            cells.append(_prose(cell, stem, repository, left))
            continue
        if any(CLAIMS in output.get("data", {}).get("text/html", "") for output in cell.outputs):
            cells.append(_place(cell.id, "claims"))
        cells += _code(cell, given)
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": book.metadata.kernelspec})


def _place(near: str, name: str):
    return new_markdown_cell(f'<span id="{name}"></span>', id=f"{near[:40]}-{name}")


def _prose(cell, stem: str, repository: str, left: dict[str, str]):
    text = cell.source
    for phrase in [phrase for phrase in left if found(phrase, text)]:
        at = text.rfind("\n\n", 0, found(phrase, text).start()) + 2
        at = 0 if at == 1 else at
        text = f'{text[:at]}<span id="{left.pop(phrase)}"></span>\n\n{text[at:]}'
    text = re.sub(
        r"^## (.+)$", lambda line: f'<span id="{section(line[1])}"></span>\n\n{line[0]}', text, flags=re.MULTILINE
    )
    opens = " · ".join(f"[{name}]({address})" for name, address in places(repository, stem).items())
    text = BANNER.sub(f"*Solved, executed, each answer folded. To work in it yourself, unsolved:* {opens}", text)
    return new_markdown_cell(linked(text, repository), id=cell.id)


def _code(cell, given: dict[str, str]) -> list:
    """The cell; folded with its title where it only draws; an exercise as its task, then one answer, folded."""
    grader, tags = cell.metadata.get("nbgrader", {}), cell.metadata.get("tags", [])
    shown = new_code_cell(cell.source, id=cell.id, outputs=cell.outputs, execution_count=cell.execution_count)
    if grader.get("solution"):
        task = new_code_cell(given[grader["grade_id"]], id=f"{cell.id[:50]}-task", metadata={"tags": ["task"]})
        shown.source = re.sub(r"^ *### (BEGIN|END) SOLUTION.*\n?", "", shown.source, flags=re.MULTILINE)
        return [task, _folded(shown, "One right answer")]
    if "setup" in tags:
        return [_folded(shown, "The set-up cell")]
    if "fold" in tags:
        title = TITLE.match(shown.source)
        shown.source = TITLE.sub("", shown.source, count=1)
        return [_folded(shown, f"Code · {title[1]}")]
    return [shown]


def _folded(cell, summary: str):
    cell.metadata = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": summary, "code_prompt_hide": summary}}
    return cell

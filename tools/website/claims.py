"""The claims pages: every row of every notebook's claims table, with the verdict that was measured, where and how."""

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from html import escape

from bs4 import BeautifulSoup

from website import pages

VERDICTS = ("holds", "fails", "depends", "not tested here")
LIVE = "Measured as the notebook runs, in that section: its cells hold the setting."
RUN = re.compile(r"\d\d_\w+")


@dataclass(frozen=True)
class Claim:
    """A row: its cells as HTML, its verdict as a word, and the section that measures it."""

    stem: str
    claim: str
    source: str
    measured: str
    verdict: str
    where: str

    @property
    def section(self) -> str:
        """The place on its page that `where` names, or the notebook's own table."""
        return _nearest(self.where, [pages.section(line) for line in pages.headings(self.stem)])

    @property
    def settings(self) -> list[str]:
        """How it was measured: a line for each recorded run that its section shows, or that it ran live."""
        return [setting(run) for run in runs_of(self.stem).get(self.section, [])] or [LIVE]


@cache
def runs_of(stem: str) -> dict[str, list[str]]:
    """{place on the page: the recorded runs that its code uses, by name or by what was made of them}."""
    found, at, held = {}, "", {}
    for cell in pages.read(pages.ROOT / "solutions" / f"{stem}.ipynb").cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^## (.+)$", cell.source, flags=re.MULTILINE):
                at = pages.section(heading)
            continue
        for statement in _statements(cell.source):
            runs = _used(statement, held)
            found[at] = list(dict.fromkeys([*found.get(at, []), *runs]))
            for name in _bound(statement):
                held[name] = runs
    return found


def _statements(source: str) -> list[ast.stmt]:
    lines = ["" if line.startswith(("%", "!")) else line for line in source.splitlines()]
    return ast.parse("\n".join(lines)).body


def _used(statement: ast.stmt, held: dict[str, list[str]]) -> list[str]:
    """The runs that a statement names, or that the names which it reads were made of, or their modules name."""
    found = []
    for part in ast.walk(statement):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and RUN.fullmatch(part.value):
            found += [part.value] if _recording(part.value).is_file() else []
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            found += held.get(part.id, [])
    if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("seqlib.studies."):
        module = pages.ROOT / f"{statement.module.replace('.', '/')}.py"
        names = re.findall(r"""["'](\d\d_\w+)["']""", module.read_text(encoding="utf-8"))
        found += [name for name in names if _recording(name).is_file()]
    return list(dict.fromkeys(found))


def _bound(statement: ast.stmt) -> list[str]:
    """The names that a statement gives a value."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    return [part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def _recording(name: str):
    return pages.ROOT / "data" / "runs" / f"{name}.json"


@cache
def setting(name: str) -> str:
    """What a recorded run was: rates, steps, sizes in its own words; seeds; versions; the command that repeats it."""
    run = json.loads(_recording(name).read_text(encoding="utf-8"))
    count = len(set(run["seeds"]))
    seeds = "one seed" if count == 1 else f"{count} seeds"
    hardware = run["hardware"]
    machine = hardware["gpu"] or hardware["processor"]
    torch = run["versions"]["torch"].split("+")[0]
    return f"{run['what']}; {seeds}. {machine}, PyTorch {torch}, {run['date']}: {run['command']}"


def of_page(path) -> list[Claim]:
    """The claims of an executed notebook, in its order."""
    found = []
    for cell in pages.read(path).cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if pages.CLAIMS in html:
                table = BeautifulSoup(html, "html.parser").find("table", attrs={"aria-label": "Claims"})
                for row in table.select("tbody tr"):
                    claim, source, measured, verdict, where = (cell.decode_contents() for cell in row.find_all("td"))
                    word = BeautifulSoup(verdict, "html.parser").get_text().split(" ", 1)[1]
                    found.append(Claim(path.stem, claim, source, measured, word, where))
    return found


def page(paths) -> str:
    """The page in Markdown around one table of HTML, which scripts may filter and which reads without them."""
    rows = [claim for path in paths for claim in of_page(path)]
    counts = Counter(row.verdict for row in rows)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    titles = pages.titles()
    buttons = "".join(
        f'<button type="button" aria-pressed="{str(not key).lower()}" data-verdict="{key}">{label}</button>'
        for key, label in [("", f"all {len(rows)}"), *((v, f"{v} ({counts[v]})") for v in VERDICTS)]
    )
    body = "".join(_row(row, titles[row.stem]) for row in rows)
    return (
        "# What is said, and what was measured\n\n"
        f"Textbooks and papers say many things about these models. Here is each of the {len(rows)} that a notebook "
        f"puts to the test: {said}. A verdict is computed from the numbers beside it; it is about the data, sizes and "
        "budgets of that notebook, and no wider. *How* opens the setting: rates, steps, seeds, and the command that "
        "repeats it.\n\n"
        f'<div class="filters" role="group" aria-label="Show">{buttons}</div>\n\n'
        f'<div class="claims mathjax_ignore"><table><thead><tr><th scope="col">Claim</th><th scope="col">Who says so'
        '</th><th scope="col">Measured here</th><th scope="col">Verdict</th><th scope="col">Where</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>\n"
    )


def _row(row: Claim, title: str) -> str:
    """A row whose last cell leads to the section that is named, or to the notebook's own table."""
    how = "".join(f"<p>{escape(line)}</p>" for line in row.settings)
    cells = (
        f'<td class="claim">{row.claim}</td><td data-label="Who says so">{row.source}</td>'
        f'<td data-label="Measured here">{row.measured}<details><summary>How</summary>{how}</details></td>'
        f'<td data-label="Verdict"><strong>{row.verdict}</strong></td>'
        f'<td data-label="Where"><a href="{row.stem}.html#{row.section}">{title[:2]} · {row.where}</a></td>'
    )
    return f'<tr data-verdict="{row.verdict}">{cells}</tr>'.replace("\n", " ")


def _nearest(where: str, sections: list[str]) -> str:
    """The section that `where` names, in full or by its first words or its main ones; else the notebook's own table."""
    name = pages.section(where)
    words = set(name.split("-"))
    begins = [section for section in sections if section.startswith(name)]
    holds = [section for section in sections if words <= set(section.split("-"))]
    return (begins + holds + ["claims"])[0]


def markdown(paths) -> str:
    """The same rows as a page of Markdown, docs/claims.md: for whoever reads the repository itself."""
    rows = [claim for path in paths for claim in of_page(path)]
    counts, titles = Counter(row.verdict for row in rows), pages.titles()
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    parts = [
        "# Every claim of the course, its setting and its verdict\n\n"
        f"Made by `python tools/build.py` from the executed notebooks: {len(rows)} claims, {said}. A verdict is "
        "computed from the numbers beside it, by a rule that [tests](../tests/studies) feed with numbers that turn it, "
        "and is no wider than its setting. Verdicts that changed, and why: [verdicts](verdicts.md).\n"
    ]
    for stem in dict.fromkeys(row.stem for row in rows):
        mine = [row for row in rows if row.stem == stem]
        parts.append(
            f"\n## [{titles[stem]}](../solutions/{stem}.ipynb)\n\n"
            "| claim | who says so | measured here | verdict | how |\n|---|---|---|---|---|"
        )
        notes = list(dict.fromkeys(line for row in mine for line in row.settings))
        for row in mine:
            cells = [*map(_plain, (row.claim, row.source, row.measured)), f"**{row.verdict}**"]
            numbers = ", ".join(str(notes.index(line) + 1) for line in row.settings)
            parts.append(f"| {' | '.join(cells)} | {numbers} |")
        parts += ["", *(f"{number}. {_escaped(line)}" for number, line in enumerate(notes, 1))]
    return "\n".join(parts) + "\n"


def _plain(cell: str) -> str:
    return _escaped(BeautifulSoup(cell, "html.parser").get_text())


def _escaped(text: str) -> str:
    """Text that means itself in a cell of a Markdown table."""
    return re.sub(r"([|*_<`\\])", r"\\\1", " ".join(text.split()))

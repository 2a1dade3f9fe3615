"""Write the pages that Sphinx reads, call it, and mend what it leaves."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import nbformat

from website import claims, finish, flashcards, glossary, pages

ROOT = Path(__file__).resolve().parents[2]
PART = re.compile(r"^### ((?:Part \d+|Appendix)\. .+)$|^\| (?:\*\*\[)?(\d\d) · [^|]*\| (.+?) \|", re.MULTILINE)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def build(out: Path, mathjax: Path | None, only: list[str] = ()) -> int:
    """Build the site in out/html; Sphinx's exit status."""
    from sphinx.cmd.build import main as sphinx

    source, target = out / "source", out / "html"
    for folder in (source, target, out / "trees"):
        shutil.rmtree(folder, ignore_errors=True)
    prepare(source, mathjax, only)
    folders = ["-d", str(out / "trees"), str(source), str(target)]
    # Of some notebooks alone, links to the others lead nowhere; the whole has no warning.
    strict = [] if only else ["-W", "--keep-going"]
    if status := sphinx(["-q", *strict, "-j", "2", *folders]):
        return status
    finish.site(target)
    return 0


def prepare(source: Path, mathjax: Path | None, only: list[str]) -> None:
    """Everything that Sphinx reads, in one folder."""
    repository = project()["urls"]["Repository"]
    static = source / "_static"
    static.mkdir(parents=True)
    for file in sorted((ROOT / "docs" / "site").glob("*")):
        if file.suffix in (".css", ".js", ".webp", ".png"):
            shutil.copy(file, static)
    if mathjax:
        shutil.copy(mathjax, static)
    shutil.copy(Path(__file__).with_name("conf.py"), source)
    told = {"title": "Sequence models", "author": project()["authors"][0]["name"], "repository": repository}
    _write(source / "settings.json", json.dumps(told | {"formulas": mathjax is not None}))
    books = [path for path in pages.sources() if not only or path.stem[:2] in only]
    for path in books:
        nbformat.write(pages.page(path, repository, glossary.anchors(path.stem[:2])), source / path.name)
    _write(source / "claims.md", claims.page(books))
    _write(source / "glossary.md", glossary.page({path.stem[:2]: path.stem for path in books}))
    _write(source / "flashcards.md", flashcards.page(books))
    for name in pages.GUIDES:
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        _write(source / f"{name}.md", pages.linked(text, repository, "docs/"))
    _write(source / "index.md", index(books, (ROOT / "README.md").read_text(encoding="utf-8"), repository))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def parts(readme: str, stems: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """{part: [(stem, what it is about)]} of the README's map; what the map does not know comes last."""
    found: dict[str, list[tuple[str, str]]] = {}
    left, part = dict(stems), "More"
    for match in PART.finditer(readme):
        part = match[1] or part
        if match[2] in left:
            found.setdefault(part, []).append((left.pop(match[2]), match[3]))
    if left:
        found["More"] = [(stem, "") for stem in left.values()]
    return found


def index(books: list[Path], readme: str, repository: str) -> str:
    """The first page: what this is, as the README says it, and the map."""
    titles = pages.titles()
    told = parts(readme, {path.stem[:2]: path.stem for path in books})
    # What the README says above its first heading, without its badges, commands and the way to this site.
    told_there = readme.split("\n## ")[0].split("\n\n")
    said = [pages.linked(p, repository) for p in told_there if p[0] not in "#[!<`" and "][site]" not in p]
    alt = re.search(r'<img alt="([^"]+)" src="docs/site/front', readme)
    picture = (
        '<picture><source media="(prefers-reduced-motion: reduce)" srcset="_static/front.png">'
        f'<img alt="{alt[1]}" src="_static/front.webp" width="620" height="535"></picture>'
    )
    lines = [
        readme.splitlines()[0],
        "",
        said[0],
        "",
        picture,
        "",
        *"\n\n".join(said[1:]).splitlines(),
        "",
    ]
    lines += [
        f"**Read here, work there.** These pages are the notebooks solved and executed: pictures and explorers live, "
        f"each answer folded. To write in them, [install the course]({repository}#start), or open one on Colab or "
        "Binder with the rocket above its page.",
        "",
        '<p id="progress" class="progress" hidden></p>',
        "",
    ]
    for part, rows in told.items():
        lines += [f"## {part}", ""]
        for stem, about in rows:
            lines += [f"[{titles[stem]}]({stem}.ipynb)", f": {pages.linked(about, repository)}", ""]
    for part, rows in told.items():
        lines += _tree(part, [stem for stem, _ in rows])
    lines += _tree("To look up", ["claims", "glossary", "flashcards"])
    lines += _tree("Around the course", list(pages.GUIDES))
    return "\n".join(lines)


def _tree(caption: str, names: list[str]) -> list[str]:
    return ["```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```", ""]

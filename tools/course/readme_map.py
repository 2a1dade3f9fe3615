"""The README's map of the course: its rows link the notebooks that are here. Standard library only."""

import re
import tomllib

from course.environment import ROOT

ROW = re.compile(
    r"^\| (?:\*\*\[)?(?P<number>\d\d) · (?P<title>[^|\]]+?)(?:\]\([^)]*\)\*\*)? \| (?P<about>.+?) \| .+ \|$",
    re.MULTILINE,
)
COLAB = "https://colab.research.google.com/github/{place}/blob/main/notebooks/{name}.ipynb"


def here() -> dict[str, str]:
    """{number: name} of the notebooks that have a source."""
    return {path.stem[:2]: path.stem for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*.py"))}


def linked(readme: str, names: dict[str, str], place: str) -> str:
    """The README with a link in each row whose notebook is in `names`, and none in the others.

    place: "owner/repository" on GitHub. Titles and descriptions are kept as they are.
    """

    def row(match: re.Match) -> str:
        number, title, about = match["number"], match["title"], match["about"]
        if number not in names:
            return f"| {number} · {title} | {about} | *to come* |"
        name = names[number]
        opens = f"[Colab]({COLAB.format(place=place, name=name)}) · [solved](solutions/{name}.ipynb)"
        return f"| **[{number} · {title}](notebooks/{name}.ipynb)** | {about} | {opens} |"

    return ROW.sub(row, readme)


def update() -> bool:
    """Bring the README's map up to date; True where that changed it."""
    readme = ROOT / "README.md"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    before = readme.read_text(encoding="utf-8")
    after = linked(before, here(), project["urls"]["Repository"].removeprefix("https://github.com/"))
    if after != before:
        readme.write_text(after, encoding="utf-8", newline="\n")
    return after != before

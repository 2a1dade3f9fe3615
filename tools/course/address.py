"""Where the course lives on GitHub: said once in pyproject.toml, and repeated where nothing can look there.

A fork changes it everywhere with one command: badges, the map, the setup cells, links, the citation and the licence.
"""

import re
import tomllib
from pathlib import Path

from course.environment import ROOT
from course.words import Problem

PLACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
FILES = ("pyproject.toml", "README.md", "CITATION.cff", "LICENSE")  # the editions are built anew


def current(root: Path = ROOT) -> str:
    """ "owner/repository" of this checkout."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def read(given: str) -> str:
    """ "owner/repository" from what somebody typed: that, or an address as a browser or git has it."""
    place = re.sub(r"^(?:https?://)?(?:www\.)?github\.com/|^git@github\.com:", "", given.strip()).rstrip("/")
    place = place.removesuffix(".git")
    if not PLACE.fullmatch(place):
        raise Problem(f"{given!r} is no repository on GitHub.", "name it as owner/repository, such as ada/sequences.")
    return place


def site(place: str) -> str:
    """Where GitHub shows the pages of a repository."""
    owner, name = place.split("/")
    return f"{owner}.github.io/{name}"


def rewrite(old: str, new: str, root: Path = ROOT) -> list[str]:
    """Say `new` instead of `old` in the files that people write; the names of those that changed."""
    changed = []
    for name in FILES:
        text = before = (root / name).read_text(encoding="utf-8")
        for was, now in ((site(old), site(new)), (old, new)):
            text = re.sub(rf"(?<![\w.-]){re.escape(was)}(?![\w-])", now, text)
        if text != before:
            (root / name).write_text(text, encoding="utf-8", newline="\n")
            changed.append(name)
    return changed

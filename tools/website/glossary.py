"""The glossary: each symbol and term, what it means, and the place in a notebook where it is defined."""

import re
from dataclasses import dataclass
from pathlib import Path

from website import pages

FILE = Path(__file__).resolve().parents[2] / "docs" / "site" / "glossary.txt"


@dataclass(frozen=True)
class Entry:
    """A line of glossary.txt; `phrase` stands in the notebook `number` where the term is defined."""

    name: str
    number: str
    phrase: str
    meaning: str

    @property
    def place(self) -> str:
        """The id of that place on the notebook's page."""
        return "def-" + re.sub(r"\W+", "-", self.phrase).strip("-").lower()


def read(file: Path = FILE) -> dict[str, list[Entry]]:
    """{section: its entries}; ValueError that names a line that is not what it should be."""
    sections: dict[str, list[Entry]] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("== "):
            sections[line[3:].strip()] = []
        elif sections and line.strip():
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 4 or not all(parts):
                raise ValueError(
                    f"{file.name}, line {number}: expected name | notebook | words | meaning, got {line!r}"
                )
            list(sections.values())[-1].append(Entry(*parts))
    return sections


def anchors(number: str) -> dict[str, str]:
    """{words to find in that notebook: id of the place} for `pages.page`."""
    return {e.phrase: e.place for entries in read().values() for e in entries if e.number == number}


def lost() -> list[str]:
    """Entries whose words no longer stand in their notebook, as sentences."""
    text = {path.stem[:2]: pages.prose(path) for path in pages.sources()}
    return [
        f"{e.name}: {e.phrase!r} does not stand in notebook {e.number}"
        for entries in read().values()
        for e in entries
        if not pages.found(e.phrase, text.get(e.number, ""))
    ]


def page(here: dict[str, str]) -> str:
    """The page in Markdown; `here` is {"02": "02_rnn"} of the notebooks on the site."""
    from seqlib.display import html

    lines = ["# Glossary", "", "Each name leads to the place where it is defined.", ""]
    for section, entries in read().items():
        lines += [f"## {section}", ""]
        order = entries if section == "Symbols" else sorted(entries, key=lambda e: e.name.lower())
        for e in order:
            # Letters as HTML, not as a formula: a link has to have a name before anything is typeset.
            name = html.inline(e.name)
            place = f'<a href="{here[e.number]}.html#{e.place}">{name}</a>' if e.number in here else name
            lines += [place, f": {e.meaning} ({e.number})", ""]
    return "\n".join(lines)

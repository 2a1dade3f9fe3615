"""Tunes as text, in a plain form of ABC notation: read, counted in bars, unfolded into notes.

A plain tune has a header of three lines, its metre, its unit of length and its key, then the music on one line:

    M:6/8
    L:1/8
    K:G
    |:BAGAGE|DGGG2A|BAGA2G|ABcd2e:|

Letters are notes (a lower case c is an octave above C), z is a rest; a number makes a note longer, a slash shorter
(A2, A/, A3/2), a comma lower by an octave and an apostrophe higher, ^ _ = before it are sharp, flat and natural;
`(3` makes three notes take the time of two; `A>B` takes half of B and gives it to A. Bars end with `|`; what stands
between `|:` and `:|` is played twice, with `[1` and `[2` as its two endings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

from seqlib import expect

__all__ = [
    "NOTE",
    "Tune",
    "bars",
    "library_tunes",
    "melody",
    "plain_tunes",
    "repeats_close",
    "tunes_or_download",
    "unfolded",
]

NOTE = r"([_^=]*)([A-Ga-gz])([,']*)(\d*)(/\d*)?"  # accidental, letter, octave, times, over: "", "/" or "/4"
_BAR = r":\|\|:|:\|\[2|:\||\|:|\|\[1|\|"
_TOKEN = re.compile(rf"{NOTE}|\(3|[<>]|{_BAR}")
_METRES = {"C": "4/4", "C|": "2/2"}
_FIFTHS = "Fb Cb Gb Db Ab Eb Bb F C G D A E B F# C# G# D# A#".split()
_SHARPS = {tonic: place - 8 for place, tonic in enumerate(_FIFTHS)}
_MODES = {"": 0, "maj": 0, "m": -3, "min": -3, "aeo": -3, "dor": -2, "mix": -1, "lyd": 1, "phr": -4}
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Tune:
    """A title, and the tune as plain text."""

    title: str
    text: str


def plain_tunes(abc: str) -> list[Tune]:
    """The tunes of an ABC file in plain form: no grace notes, slurs, chords' names, bowings, white space.

    A tune with several voices, chords of notes, changes of key or metre, or without a metre or key is left out.
    """
    expect.text(abc, "abc")
    found = []
    for piece in re.split(r"(?m)^(?=X: *\d)", abc.replace("\r", "")):
        fields = dict(reversed(re.findall(r"(?m)^([TMLK]): *(.*?) *$", piece)))
        lines = [line for line in piece.splitlines() if not re.match(r"[A-Za-z]:|%", line)]
        changes = len(re.findall(r"(?m)^[MLK]:|\[[MLKV]:", piece)) - len({"M", "L", "K"} & fields.keys())
        if not {"M", "K"} <= fields.keys() or changes:
            continue
        header, body = _header(fields), _plain_body("".join(lines))
        if header and body and len(body) > 40:
            found.append(Tune(fields.get("T", ""), f"{header}\n{body}\n"))
    return found


def _header(fields: dict) -> str | None:
    """The three lines, or None where a field cannot be read."""
    metre = _METRES.get(fields["M"], fields["M"])
    key = re.match(r"([A-G][b#]?) *([A-Za-z]*)", fields["K"])
    if not re.fullmatch(r"\d+/\d+", metre) or not key or key[2].lower()[:3] not in _MODES or key[1] not in _SHARPS:
        return None
    mode = key[2].lower()[:3].replace("maj", "").replace("min", "m").replace("aeo", "m")
    unit = fields.get("L") or ("1/16" if Fraction(metre) < Fraction(3, 4) else "1/8")
    return f"M:{metre}\nL:{unit}\nK:{key[1]}{mode}" if unit in ("1/4", "1/8", "1/16") else None


def _plain_body(line: str) -> str | None:
    """The music on one line, or None where something is left that is neither a note nor a bar."""
    line = re.sub(r'"[^"]*"|\{[^}]*\}|![^!|\n]*!|%.*', "", line)
    line = re.sub(r"\((?!3)|[\s)\\~.uvTHLMJRSP!*-]", "", line).replace("x", "z").replace("//", "/4")
    line = re.sub(r"/2(?!\d)", "/", re.sub(r"(?<=[A-Ga-gz,'])1(?!\d)", "", line))
    line = re.sub(r"[|:\[\]]+[12]?", _plain_bar, line)
    line = re.sub(r"^\|(?!:)", "", line)
    return line if not _TOKEN.sub("", line) and line.endswith("|") else None


def _plain_bar(found: re.Match) -> str:
    """One of the six bars of a plain tune, or something that is none, so that the tune is left out."""
    run, ending = found[0].rstrip("12"), found[0][-1]
    closes, opens = run.startswith(":"), run.endswith(":") and run != ":"
    if "|" not in run and run != "::":
        return "?"
    if ending == "1":
        return "?" if closes else "|[1"
    if ending == "2":
        return ":|[2" if closes else "?"
    return ":||:" if closes and opens else ":|" if closes else "|:" if opens else "|"


def library_tunes() -> list[Tune]:
    """The plain tunes of two collections that music21 carries as files: Ryan 1883 and O'Neill 1903.

    Nothing of music21 is imported, which is slow; the order is that of the files' names. Empty where there is no
    music21, or one without its corpus.
    """
    package = find_spec("music21")
    folders = [Path(place) / "corpus" for place in package.submodule_search_locations] if package else []
    files = [
        file
        for folder in folders
        for kind in ("ryansMammoth", "oneills1850")
        for file in sorted(folder.glob(f"{kind}/*.abc"))
    ]
    return [tune for file in files for tune in plain_tunes(file.read_text(encoding="utf-8", errors="replace"))]


def tunes_or_download() -> tuple[list[Tune], str]:
    """music21's tunes and where they come from; without them the Irish tunes of the registry, with a line that says so.

    DataUnavailable where neither is here.
    """
    from seqlib.data.download import fetch

    if found := library_tunes():
        return found, "the collections of Ryan (1883) and O'Neill (1903) in music21"
    print("music21 and its tunes are not installed here: a collection of Irish tunes takes their place.")
    return plain_tunes(fetch("irish/irish.abc").read_text(encoding="utf-8")), "a collection of Irish tunes"


def bars(text: str) -> list[list[str]]:
    """The bars of a plain tune (or of its music alone), in sections: a repeat sign or an ending begins a new one."""
    sections, body = [[]], expect.text(text, "text").strip().split("\n")[-1]
    for piece in re.split(rf"({_BAR})", body):
        if re.fullmatch(_BAR, piece) and piece != "|":
            sections.append([])
        elif piece and piece != "|":
            sections[-1].append(piece)
    return [section for section in sections if section]


def repeats_close(text: str) -> bool:
    """Whether every repeat that is opened is closed before the next one opens, and every first ending has a second."""
    waiting = ending = False
    for sign in re.findall(_BAR, text.strip().split("\n")[-1]):
        if (sign in ("|:",) and waiting) or (ending and sign not in ("|", ":|[2")) or (sign == ":|[2" and not ending):
            return False
        if sign != "|":
            waiting, ending = sign in ("|:", ":||:") or (waiting and sign == "|[1"), sign == "|[1"
    return not waiting and not ending


def unfolded(text: str) -> list[str]:
    """The bars in the order in which they are played: repeats twice, each time with its own ending."""
    pieces = re.split(rf"({_BAR})", expect.text(text, "text").strip().split("\n")[-1])
    played, ending, part = [], None, []
    for piece in pieces:
        if not re.fullmatch(_BAR, piece):
            part += [piece] if piece else []
            continue
        if piece == "|[1":
            ending = len(part)
        if piece in (":|", ":||:", ":|[2"):
            played += part + (part[:ending] if piece == ":|[2" else part)
            part, ending = [], None
        if piece == "|:":
            played += part
            part = []
    return played + part


def melody(text: str) -> list[tuple[int | None, Fraction]]:
    """The notes of a plain tune as they are played: (MIDI key, or None for a rest; length in quarter notes)."""
    fields = dict(re.findall(r"(?m)^([MLK]):(.*)$", expect.text(text, "text")))
    if not {"L", "K"} <= fields.keys() or not re.match(r"[A-G][b#]?", fields["K"]) or "/" not in fields["L"]:
        raise ValueError(f"expected a plain tune with its unit L: and its key K:, got {text[:40]!r}")
    unit, signature, found = Fraction(fields["L"]) * 4, _signature(fields["K"]), []
    for bar in unfolded(text):
        bent, three, swing = dict(signature), 0, None
        for note in re.finditer(rf"(\(3|[<>])|{NOTE}", bar):
            sign = note[1]
            if sign == "(3":
                three = 3
            elif sign:
                swing = Fraction(3, 2) if sign == ">" else Fraction(1, 2)
                if found:
                    found[-1] = (found[-1][0], found[-1][1] * swing)
            else:
                length = unit * Fraction(int(note[5] or 1), int(note[6][1:] or 2) if note[6] else 1)
                length *= (Fraction(2, 3) if three > 0 else 1) * (2 - swing if swing else 1)
                found.append((_key(note[2], note[3], note[4], bent), length))
                three, swing = three - 1, None
    return found


def _signature(key: str) -> dict[str, int]:
    """What a key does to each letter: {"F": 1} for G."""
    tonic, mode = re.match(r"([A-G][b#]?)(.*)", key).groups()
    sharps = _SHARPS[tonic] + _MODES[mode]
    return {letter: 1 for letter in "FCGDAEB"[: max(0, sharps)]} | {
        letter: -1 for letter in "BEADGCF"[: max(0, -sharps)]
    }


def _key(accidental: str, letter: str, octave: str, bent: dict[str, int]) -> int | None:
    """The MIDI key of a note; an accidental holds for the rest of the bar, which `bent` remembers."""
    if letter == "z":
        return None
    name = letter.upper()
    if accidental:
        bent[name] = accidental.count("^") - accidental.count("_")
    high = 12 * (letter.islower() + octave.count("'") - octave.count(","))
    return 60 + _STEPS[name] + bent.get(name, 0) + high

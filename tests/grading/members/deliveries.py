"""How platforms and people name what is handed in; what else lies beside. Each is one row of the grade book."""

import io
import zipfile

from make_class import as_bytes, code_cell, release, worth

from members import FULL, NOTHING, Member, add, slim

RIGHT, UNSOLVED = as_bytes(slim()), as_bytes(release())
NOTES = as_bytes({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code_cell("x = 1")]})
BROKEN = RIGHT[:-50]
STEP = "def bounce(before, now):\n    return 2 * now - before"
BETTER = as_bytes(slim({"00.bounce": STEP}))  # better than nothing, and not as good as RIGHT


def zipped(files: dict) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


def delivered(name: str, files: dict, expected=FULL, *, why: str, **more):
    add(Member(name, files, expected, why, **more))


CANVAS = {
    "canvasplain": "00_start.ipynb",
    "canvastext": "00_start.ipynb.txt",
    "canvasjson": "00_start.ipynb.json",
    "canvasother": "my homework (final) v2.ipynb",
    "canvasunderscores": "_00__start_.ipynb",
}
for number, (name, file) in enumerate(CANVAS.items()):
    late = "LATE_" if number % 2 else ""
    delivered(name, {f"{name}_{late}{100 + number}_{7000 + number}_{file}": RIGHT}, why="Canvas's own names")
delivered("canvaszip", {"canvaszip_120_7100_hw.zip": zipped({"hw/00_start.ipynb": RIGHT})}, why="a zip file is opened")
delivered("canvaspdf", {"canvaspdf_121_7101_hw.pdf": b"%PDF"}, NOTHING, why="a PDF is no notebook, and named")
delivered("canvaswords", {"canvaswords_122_text.html": b"<p>"}, NOTHING, why="a text is no notebook, and named")
delivered(
    "canvasagain",
    {"canvasagain_123_7103_00_start.ipynb": RIGHT, "canvasagain_123_7104_00_start-1.ipynb": BETTER},
    (*FULL[:2], worth("00.bounce", STEP)),
    why="the later attempt at the same file counts",
)
delivered(
    "canvasboth",
    {"canvasboth_124_7105_00_start.ipynb": RIGHT, "canvasboth_124_7106_notes.ipynb": NOTES},
    why="an attachment without an answer takes nothing away",
)
delivered(
    "canvasbroken",
    {"canvasbroken_125_7107_00_start.ipynb": RIGHT, "canvasbroken_125_7108_02_rnn.ipynb": BROKEN},
    why="another notebook that can't be read takes nothing away",
)

MOODLE = {
    "Folder Moodle": "{}_file_/00_start.ipynb",
    "Newer Moodle": "{}_file/00_start.ipynb",
    "Flat Moodle": "{}_file_00_start.ipynb",
    "Deep Moodle": "{}_file_/work/week 1/00_start.ipynb",
    "Text Moodle": "{}_file_00_start.ipynb.txt",
    "Zipped Moodle": "{}_file_/hw.zip",
    "Name_with_5_Moodle": "{}_file_/00_start.ipynb",
}
for number, (name, place) in enumerate(MOODLE.items()):
    content = zipped({"00_start.ipynb": RIGHT}) if place.endswith("zip") else RIGHT
    delivered(name, {place.format(f"{name}_{4700 + number}_assignsubmission"): content}, why="Moodle's own names")
delivered(
    "Both Moodle",
    {
        "Both Moodle_4720_assignsubmission_file_/00_start.ipynb": RIGHT,
        "Both Moodle_4720_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    },
    why="a text beside a notebook is the same student's",
)
delivered(
    "Text only Moodle",
    {"Text only Moodle_4721_assignsubmission_onlinetext_/onlinetext.html": b"<p>"},
    NOTHING,
    why="a text is no notebook, and named",
)
delivered(
    "nbgrader",
    {"nbgrader/A0/00_start.ipynb": RIGHT, "nbgrader/A0/timestamp.txt": b"2029-03-01 22:59:00 CET",
     "nbgrader/A0/.ipynb_checkpoints/00_start-checkpoint.ipynb": UNSOLVED},
    why="nbgrader's folders",
)  # fmt: skip

delivered("two copies", {"two copies/00_start.ipynb": UNSOLVED, "two copies/00_start (1).ipynb": RIGHT}, why="unsolved")
delivered(
    "two copies 2", {"two copies 2/00_start.ipynb": RIGHT, "two copies 2/00_start (1).ipynb": UNSOLVED}, why="unsolved"
)
delivered("with notes", {"with notes/hw.ipynb": RIGHT, "with notes/notes.ipynb": NOTES}, why="notes are no answers")
delivered("better copy", {"better copy/a.ipynb": BETTER, "better copy/b.ipynb": RIGHT}, why="the better one counts")
delivered("broken copy", {"broken copy/00_start.ipynb": BROKEN, "broken copy/x.ipynb": RIGHT}, why="the other is whole")
delivered("only broken", {"only broken.ipynb": BROKEN}, NOTHING, why="half a file is no notebook, and named")
delivered("only unsolved", {"only unsolved.ipynb": UNSOLVED}, NOTHING, why="nothing is written")
delivered("only notes", {"only notes.ipynb": NOTES}, NOTHING, why="nothing of the assignment is in it")
delivered("empty file", {"empty file.ipynb": b""}, NOTHING, why="nothing is in it")
delivered("in feedback", {"in feedback/feedback/00_start.ipynb": RIGHT}, why="a folder may be called anything")
delivered(
    "with data",
    {f"with data/data/{i}.csv": b"1" for i in range(2_050)} | {"with data/work/00_start.ipynb": RIGHT},
    why="files beside a notebook hide nothing",
)
delivered("json", {"json.ipynb.json": RIGHT}, why="a browser's ending")
delivered("download", {"download.ipynb (1)": RIGHT}, why="a browser's copy")
delivered("zip", {"zip.zip": zipped({"x/00_start.ipynb": RIGHT, "__MACOSX/x/._00_start.ipynb": b""})}, why="opened")
delivered("no zip", {"no zip.zip": b"PK\3\4"}, NOTHING, why="not a zip file, and named")
delivered("pdf", {"pdf.pdf": b"%PDF"}, NOTHING, why="a PDF is no notebook, and named")
delivered(
    "linked",
    {"linked/x.txt": b""},
    NOTHING,
    why="links are not followed",
    links={"linked/00_start.ipynb": "../pdf.pdf"},
)
delivered("li\u3000nk", {}, NOTHING, why="links are not followed", links={"li\u3000nk.ipynb": "zip.zip"})
delivered("=1+1;＝2", {"=1+1;＝2.ipynb": RIGHT}, why="a name is a name")
delivered("%2e%2e%2fetc", {"%2e%2e%2fetc.ipynb": RIGHT}, why="a name is a name")
delivered("-rf", {"-rf.ipynb": RIGHT}, why="a name is a name")
delivered("李小龍", {"李小龍.ipynb": RIGHT}, why="a name is a name")
delivered("<b>bold</b>".replace("/", "\u2215"), {"<b>bold<\u2215b>.ipynb": RIGHT}, why="a name is a name")
# Names that look the same: told apart by a mark, which this table leaves out (the test takes them in order).
TWINS = {"Jos\u00e9": RIGHT, "Jose\u0301": UNSOLVED, "ADA": RIGHT, "Ada": UNSOLVED, "t\x01n": RIGHT, "t\x02n": UNSOLVED,
         "x" * 150 + "1": RIGHT, "x" * 150 + "2": UNSOLVED}  # fmt: skip
for name, content in TWINS.items():
    delivered(name, {f"{name}.ipynb": content}, FULL if content is RIGHT else NOTHING, why="two names are two students")

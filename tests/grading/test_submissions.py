"""Names that Canvas, Moodle and nbgrader give; links, pipes and tricks in names."""

import os

import pytest

from seqlib.grading.records import Book
from seqlib.grading.submissions import content, find, shown, slug

NOTEBOOK = b'{"cells": [], "nbformat": 4}'


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(NOTEBOOK)
    return {(s.student, s.file): s for s in find(folder)}


def test_canvas(tmp_path):
    found = put(
        tmp_path,
        "lovelaceada_12345_678901_00_start.ipynb",
        "turingalan_LATE_12346_678902_00_start-1.ipynb",
        "notes.pdf",
    )
    ada, alan = found["lovelaceada", "00_start.ipynb"], found["turingalan", "00_start.ipynb"]
    assert (ada.lms, ada.user_id, ada.attempt, ada.late) == ("canvas", "12345", 678901, False)
    assert (alan.user_id, alan.late) == ("12346", True)


def test_moodle(tmp_path):
    found = put(
        tmp_path,
        "Ada Lovelace_4711_assignsubmission_file_/00_start.ipynb",
        "Alan Turing_4712_assignsubmission_file/00_start.ipynb",
        "Grace Hopper_4713_assignsubmission_file_00_start.ipynb",
    )
    assert {(s.student, s.user_id, s.lms) for s in found.values()} == {
        ("Ada Lovelace", "4711", "moodle"),
        ("Alan Turing", "4712", "moodle"),
        ("Grace Hopper", "4713", "moodle"),
    }
    assert {s.file for s in found.values()} == {"00_start.ipynb"}


def test_nbgrader(tmp_path):
    (tmp_path / "ada" / "A0").mkdir(parents=True)
    (tmp_path / "ada" / "A0" / "timestamp.txt").write_text("2027-03-01 22:59:00.5 UTC")
    found = put(tmp_path, "ada/A0/00_start.ipynb", "ada/A0/.ipynb_checkpoints/00_start-checkpoint.ipynb")
    assert len(found) == 1
    ada = found["ada", "00_start.ipynb"]
    assert (ada.lms, ada.when) == ("nbgrader", "2027-03-01T22:59:00.500000+00:00")


def test_plain_files_and_folders(tmp_path):
    found = put(tmp_path, "ada.ipynb", "alan/work/00_start.ipynb", "alan/02_rnn.ipynb", ".hidden/x.ipynb")
    assert set(found) == {("ada", "ada.ipynb"), ("alan", "00_start.ipynb"), ("alan", "02_rnn.ipynb")}
    (tmp_path / "empty").mkdir()
    assert [s.problem for s in find(tmp_path) if s.student == "empty"] == ["there is no notebook in this folder"]


def test_no_submissions_is_said(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ValueError, match="folder"):
            find(folder)


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_links_and_pipes_are_not_followed(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(NOTEBOOK)
    folder = tmp_path / "in"
    for name in ("linked", "folderlink", "pipe"):
        (folder / name).mkdir(parents=True)
    (folder / "linked" / "00_start.ipynb").symlink_to(secret)
    (folder / "folderlink" / "deep").symlink_to(tmp_path)
    (folder / "top.ipynb").symlink_to(secret)
    (folder / "topfolder").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe" / "00_start.ipynb")
    os.mkfifo(folder / "fifo.ipynb")
    os.link(secret, folder / "hard.ipynb")
    found = {s.student: s for s in find(folder)}
    assert {n: s.path is None for n, s in found.items()} == {
        "linked": True,
        "folderlink": True,
        "top": True,
        "topfolder": True,
        "pipe": True,
        "fifo": True,
        "hard": False,
    }
    assert all(s.problem for n, s in found.items() if n != "hard")
    for path in (folder / "top.ipynb", folder / "fifo.ipynb"):
        with pytest.raises(OSError):
            content(path, 100)


TRICKS = [
    "..%2f..%2fetc%2fpasswd.ipynb",
    "=cmd|' /C calc'!A0.ipynb",
    "<script>alert(1)</script>.ipynb".replace("/", "\u2215"),
    "a\nb.ipynb",
    "-rf.ipynb",
    "$(touch x).ipynb",
    "`touch x`.ipynb",
    "\u202egnp.ipynb",
    "x" * 240 + ".ipynb",
    "a;b&c|d.ipynb",
    "ünï çödé.ipynb",
    "....ipynb",
    "nul.ipynb",
]


@pytest.mark.skipif(os.name != "posix", reason="file names that Windows does not allow")
def test_tricks_in_names(tmp_path):
    folder = tmp_path / "in"
    put(folder, *TRICKS)
    with open(os.fsencode(folder) + b"/\xff\xfe.ipynb", "wb") as file:
        file.write(NOTEBOOK)
    found = find(folder)
    assert len(found) == 1 + sum(not t.startswith(".") for t in TRICKS)
    book = Book(tmp_path / "out")
    book.fingerprint = "x"
    for one in found:
        path = book.path(one, book.key(one, b""))
        assert path.parent == book.records and len(path.name) < 120 and path.name.isascii() and path.name[0].isalnum()
        assert one.student.replace(" ", "").isprintable() and len(one.student) <= 120
    assert len({book.path(s, "k") for s in found}) == len(found)


def test_names_are_shown_safely():
    assert shown("a\x1b[31m\nb") == "a?[31m?b" and slug("../../x").startswith("x-") and slug("李") != slug("王")


def test_only_so_much_is_read(tmp_path):
    (tmp_path / "big").write_bytes(bytes(5000))
    assert len(content(tmp_path / "big", 100)) == 101

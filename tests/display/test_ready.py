"""The card that says whether a machine is ready."""

import numpy as np
import pytest

from seqlib import runtime
from seqlib.display import ready


def test_this_machine_is_looked_at_and_is_ready():
    card = ready.ready()
    facts = {what: found for what, found, _ in card.facts}
    assert facts["NumPy"] == np.__version__ and facts["Python"].startswith("3.")
    assert card.title == "This machine is ready" and "sl-ok" in card._repr_html_()
    assert "✓ PyTorch" in repr(card)


def test_what_lacks_is_named(monkeypatch):
    monkeypatch.setattr(ready, "MIN_MEMORY", 1e6)
    card = ready.ready()
    assert card.title == "Not enough: Memory" and "sl-wrong" in card._repr_html_() and "✗ Memory" in repr(card)


def test_arithmetic_that_is_off_is_noticed(monkeypatch):
    import torch

    monkeypatch.setattr(torch.Tensor, "__matmul__", lambda a, b: torch.matmul(a, b) + 1)
    said, right = ready._arithmetic()
    assert not right and "off by" in said


@pytest.fixture
def torch_with_threads():
    import torch

    before = torch.get_num_threads()
    yield torch
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_card_the_setup_line_and_torch_agree_on_the_threads(torch_with_threads, monkeypatch, capsys, threads):
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    monkeypatch.setenv("SEQLIB_THREADS", str(threads))
    monkeypatch.setattr(ready, "processors", lambda: 2)
    ready.setup("00_start")
    facts = {what: found for what, found, _ in ready.facts()}
    assert torch_with_threads.get_num_threads() == threads
    assert facts["Device"] in capsys.readouterr().out and facts["Device"].startswith(f"cpu ({threads} thread")
    assert facts["Threads"] == f"{threads} on 2 processors"
    monkeypatch.delenv("SEQLIB_THREADS")
    assert "training tries more and keeps what is faster" in dict(row[:2] for row in ready.facts())["Threads"]


def test_more_threads_than_processors_are_named(torch_with_threads, monkeypatch):
    torch_with_threads.set_num_threads(3)
    monkeypatch.setattr(ready, "processors", lambda: 1)
    assert ready.ready().lacking == ["Threads"]
    assert "✗ Threads: 3 on 1 processor: set SEQLIB_THREADS to 1 or fewer" in repr(ready.ready())


@pytest.mark.parametrize("asked", ["two", "0", "-1", "1.5"])
def test_threads_that_are_no_number_are_told(monkeypatch, asked):
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    monkeypatch.setenv("SEQLIB_THREADS", asked)
    with pytest.raises(ValueError, match=f"SEQLIB_THREADS should be a whole number from 1, got '{asked}'"):
        ready.setup("00_start")


def test_only_the_processors_that_this_program_may_use_are_counted(monkeypatch):
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda process: {0, 3, 5}, raising=False)
    assert ready.processors() == 3
    monkeypatch.delattr(runtime.os, "sched_getaffinity")
    monkeypatch.setattr(runtime.os, "cpu_count", lambda: 7)
    assert ready.processors() == 7

"""The card that says whether a machine is ready."""

import numpy as np

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

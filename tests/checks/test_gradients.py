"""Where the course trains through an answer, its gradients are checked: lost ones are told as what they are."""

import numpy as np
import pytest
import torch
from accepted import accepted

from seqlib.checks import Case, Exercise, engine, gradients
from seqlib.checks.exercise import all_exercises

TRAINED = {n: e for n, e in all_exercises().items() if e.trains}


def _draw(rng):
    return [
        Case(
            f"{n} queries",
            query=torch.from_numpy(rng.normal(size=(n, 3))),
            memory=torch.from_numpy(rng.normal(size=(5, 3))),
            places=torch.arange(5),
        )
        for n in (2, 4)
    ]


def look(query, memory, places):
    weights = torch.softmax(query @ memory.T / 3, dim=-1)
    return weights @ memory, weights


def loss(query, memory, places):
    return (query @ memory.T).tanh().mean()


attend = Exercise("99.look", 3, oracle=look, right=look, inputs=_draw, trains=True, returns=("read", "weights"))
mean = Exercise("99.loss", 2, oracle=loss, right=loss, inputs=_draw, trains=True, returns=("loss",))


@torch.no_grad()
def without(query, memory, places):
    return look(query, memory, places)


LOST = {
    "no_grad": (attend, without, "carries no gradient back to `query` and `memory`: is something under"),
    "detached": (attend, lambda q, m, p: tuple(r.detach() for r in look(q, m, p)), "carries no gradient back"),
    "one detached": (attend, lambda q, m, p: look(q, m.detach(), p), "no gradient reaches `memory`, though `query`"),
    "data": (attend, lambda q, m, p: look(q.data, m, p), "no gradient reaches `query`, though `memory`"),
    "a part of the way": (
        attend,
        lambda q, m, p: (look(q, m.detach(), p)[1] @ m, look(q, m, p)[1]),
        "the gradient of `query`|the gradient of `memory` differs, though the values are right",
    ),
    "numpy": (attend, lambda q, m, p: look(torch.tensor(q.tolist()).double(), m, p), "no gradient reaches `query`"),
    "an array": (attend, lambda q, m, p: tuple(r.detach().numpy() for r in look(q, m, p)), "is a NumPy array"),
    "item": (mean, lambda q, m, p: loss(q, m, p).item(), "`loss` is a Python number"),
    "a copy": (mean, lambda q, m, p: torch.tensor(loss(q, m, p).item(), dtype=q.dtype), "`loss` carries no gradient"),
}


@pytest.mark.parametrize("of, answer, part", LOST.values(), ids=LOST)
def test_a_lost_gradient_is_told(of, answer, part):
    verdict = engine.judge(of, answer)
    *cases, (label, passed, message) = verdict.cases
    assert all(ok for _, ok, _ in cases) and label == gradients.LABEL and not passed, verdict
    assert any(p in message for p in part.split("|")), message
    assert verdict.score == round(of.points * 2 / 3, 2) and verdict.state == "wrong"


def test_other_ways_to_the_same_gradient_pass_and_wrong_values_come_first():
    def in_einsum(query, memory, places):
        weights = torch.einsum("qd,kd->qk", query, memory).div(3).exp()
        weights = weights / weights.sum(-1, keepdim=True)
        return torch.einsum("qk,kd->qd", weights, memory), weights

    def one_by_one(query, memory, places):
        read = [look(q, memory, places) for q in query]
        return torch.stack([r for r, _ in read]), torch.stack([w for _, w in read])

    assert engine.judge(attend, in_einsum).passed
    assert engine.judge(attend, one_by_one).passed
    last = engine.judge(attend, lambda q, m, p: look(q, 2 * m, p)).cases[-1]
    assert last == (gradients.LABEL, False, "not tried: the values come first")


def test_a_stub_is_still_to_do():
    def stub(query, memory, places):
        raise NotImplementedError

    assert engine.judge(attend, stub).state == "todo"


@pytest.mark.parametrize("name", TRAINED)
def test_right_answers_carry_gradients_and_frozen_ones_do_not(name):
    of = TRAINED[name]
    cases = of.inputs(np.random.default_rng(4))
    assert of.right is not None
    for answer in (of.right, *accepted(name)):
        assert gradients.gradient_message(of, answer, cases) is None, getattr(answer, "__name__", answer)
    message = gradients.gradient_message(of, _frozen(of.right, of.using is not None), cases)
    assert message and "gradient" in message, message


def _frozen(answer, builds):
    """The same answer under no_grad; where it is a class, or makes a module, its forward."""
    if not builds:
        return torch.no_grad()(answer)

    def made(*args, **kwargs):
        module = answer(*args, **kwargs)
        module.forward = torch.no_grad()(module.forward)
        return module

    return made

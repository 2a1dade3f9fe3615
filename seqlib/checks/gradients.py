"""Does training go through an answer? Its gradients are compared with those of the plain right answer."""

from collections.abc import Callable

import numpy as np

from seqlib.checks.calling import copied, guarded
from seqlib.checks.compare import difference

LABEL = "its gradients, as training needs them"
LOST = "is something under `torch.no_grad()`, detached, copied, or turned into a number or an array?"


def gradient_message(exercise, answer, cases) -> str | None:
    """What is wrong with an answer's gradients, None where nothing is. Its values are taken to be right."""
    for case in cases:
        for right in _references(exercise):
            wanted = guarded(lambda r=right, c=case: _Run(exercise, r, c))
            if not wanted.kind and wanted.value.reached:
                return _compared(exercise, answer, case, wanted.value)
    return None


def _references(exercise) -> list[Callable]:
    return [a for a in (exercise.right, exercise.stand_in, exercise.oracle) if a is not None]


def _compared(exercise, answer, case, wanted) -> str | None:
    done = guarded(lambda: _Run(exercise, answer, case), owner=answer)
    if done.kind:
        return f"with tensors whose gradients are recorded {done.error}"
    told = guarded(lambda: _difference(exercise, done.value, wanted), seconds=0.5)
    return told.value if not told.kind else None


class _Run:
    """One call whose results are weighted at random, the same each time, summed and differentiated."""

    def __init__(self, exercise, answer, case):
        import torch

        with torch.enable_grad():
            self.leaves, result = (_of_function if exercise.using is None else _of_module)(exercise, answer, case)
            self.results = _flat(result)
            self.grads = dict.fromkeys(self.leaves)
            if any(_carries(r) for r in self.results):
                weighted = [r.double() * _weights(r, i) for i, r in enumerate(self.results) if _carries(r)]
                total = sum(part.sum() for part in weighted)
                grads = torch.autograd.grad(total, list(self.leaves.values()), allow_unused=True)
                self.grads = dict(zip(self.leaves, grads, strict=True))

    @property
    def reached(self) -> list[str]:
        """The names of what gets a gradient."""
        return [n for n, g in self.grads.items() if g is not None and bool((g != 0).any())]


def _carries(value) -> bool:
    return bool(getattr(value, "requires_grad", False))


def _of_function(exercise, answer, case):
    args = [_leaf(a) for a in copied(case.args)]
    return {n: a for n, a in zip(case.named, args, strict=True) if _carries(a)}, answer(*args)


def _leaf(value):
    """A floating array or tensor as a tensor whose gradient is recorded; lists of them likewise."""
    import torch

    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        value = torch.from_numpy(value.copy())
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.detach().clone().requires_grad_()
    return value


def _of_module(exercise, answer, case):
    """The first call of the module that `using` makes, made once more where gradients are recorded."""
    import torch

    calls = []

    def made(*args, **kwargs):
        module = answer(*args, **kwargs)
        if isinstance(module, torch.nn.Module):
            module.register_forward_pre_hook(lambda m, a, k: calls.append((m, a, k)), with_kwargs=True)
        return module

    exercise.using(made, *copied(case.args))
    module, args, kwargs = calls[0]
    leaves = {name: weight.requires_grad_() for name, weight in module.named_parameters()}
    return leaves, module(*(_leaf(a) for a in args), **kwargs)


def _flat(value) -> list:
    """The floating results, one after the other; what is no tensor stays what it is."""
    if isinstance(value, (tuple, list)):
        return [r for v in value for r in _flat(v)]
    if isinstance(value, dict):
        return [r for v in value.values() for r in _flat(v)]
    floating = value.is_floating_point() if hasattr(value, "is_floating_point") else _is_float(value)
    return [value] if floating else []


def _is_float(value) -> bool:
    return isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f"


def _weights(result, index):
    import torch

    generator = torch.Generator().manual_seed(index)
    return torch.rand(result.shape, generator=generator, dtype=torch.float64) + 0.5


def _difference(exercise, found, wanted) -> str | None:
    if not any(_carries(r) for r in found.results):
        return _lost(exercise, found, wanted)
    lost = [n for n in wanted.reached if found.grads.get(n) is None and n in found.grads]
    if lost:
        reached = found.reached
        though = f", though `{reached[0]}` gets one" if reached else ""
        return f"no gradient reaches {' and '.join(f'`{n}`' for n in lost[:3])}{though}: {LOST}"
    for name in wanted.reached:
        if name in found.grads:
            wrong = difference(found.grads[name], wanted.grads[name], "it", rtol=max(exercise.rtol * 10, 1e-5))
            if wrong:
                return f"the gradient of `{name}` differs, though the values are right ({wrong}): {LOST}"
    return None


def _lost(exercise, found, wanted) -> str:
    name = f"`{exercise.returns[0]}`" if len(exercise.returns) == 1 else "the result"
    number = next((r for r in found.results if not hasattr(r, "requires_grad")), None)
    if number is not None:
        kind = "a Python number" if isinstance(number, float) else "a NumPy array"
        return (
            f"{name} is {kind}, through which no gradient goes back: the course trains through it, so keep the tensor"
        )
    to = " and ".join(f"`{n}`" for n in wanted.reached[:3])
    return f"{name} carries no gradient back to {to}: {LOST}"

"""Read the difference: what is true of a wrong answer, where no known mistake does what it does.

Readers are tried from the most to the least special; the first that holds for every case speaks. See docs/checks.md.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from seqlib.checks.calling import guarded, parameters
from seqlib.checks.compare import difference
from seqlib.checks.readers import (
    arguments,
    crashes,
    factors,
    features,
    functions,
    orders,
    places,
    probes,
    results,
    rows,
    sequences,
    shapes,
    sizes,
    supposed,
)
from seqlib.checks.readers.seen import Observation, Pair, Part, seen

# Of one result, from the most special to the least. What fits by two is said by the first.
SAME_SHAPE = (
    sequences.kinds,
    places.not_finite,
    places.imprecise,
    places.constant,
    functions.inverted,
    arguments.with_argument,
    factors.constant_factor,
    functions.entrywise,
    factors.added,
    functions.along_an_axis,
    functions.blocks,
    rows.by_rows_count,
    rows.temperature,
    arguments.of_argument,
)
OTHER_SHAPE = (
    shapes.exchanged_axes,
    shapes.reshaped,
    shapes.reduced,
    shapes.unreduced,
    shapes.ends,
    arguments.of_argument,
)
ITEMS = (sequences.strings, sequences.one_word, sequences.lists, sequences.dictionaries)
WHERE = (
    rows.wrong_sums,
    places.masked_places,
    places.one_end,
    places.argument_sign,
    places.triangle,
    rows.row_by_row,
    places.by_value,
    orders.permuted,
)
LAST = (places.direction,)  # where nothing else holds
OF_NUMBERS = (functions.inverted, factors.constant_factor, functions.entrywise, factors.added, places.by_value)


def observe(
    exercise, answer, ask: Callable, cases: Sequence, outcomes: Sequence, rights: Sequence, near: bool, seconds=0.7
):
    """An Observation of a wrong answer, None where nothing is certain within so many seconds of processor time.

    `ask(args, case)` calls the answer again and gives an Outcome; `rights` are the expected values. `near`: the answer
    lives in this process, so that it may be called a few times more.
    """
    end = time.thread_time() + max(0.1, seconds - 0.15)  # for calls of the answer: the other readers need little
    read = partial(_observe, exercise, answer, ask, cases, outcomes, rights)
    done = guarded(partial(read, near, end), seconds=seconds)
    if done.kind == "time" and near:  # a slow answer, or a busy machine: what can be read without calling it again
        done = guarded(partial(read, False, end), seconds=0.2)
    return None if done.error else done.value


def _observe(exercise, answer, ask, cases, outcomes, rights, near, end) -> Observation | None:
    with np.errstate(all="ignore"):
        for reader, said in _sayings(exercise, answer, ask, cases, outcomes, rights, near, end):
            if said is not None:
                return Observation(said.text, said.told, reader)
    return None


def _sayings(exercise, answer, ask, cases, outcomes, rights, near, end) -> Iterator[tuple[str, Observation | None]]:
    names = _names(answer, cases[0])
    if any(o.kind for o in outcomes):
        yield "crash", _crashed(exercise, answer, cases, outcomes, near)
        if all(o.kind for o in outcomes):
            return
    if exercise.value or exercise.judge is not None:
        return
    yield "nothing", results.nothing(exercise, outcomes, rights)
    yield "number of results", results.number_of_results(exercise, outcomes, rights)
    pairs = [(c, o.value, r) for c, o, r in zip(cases, outcomes, rights, strict=True) if not o.kind]
    several = _several(pairs)
    if several:
        yield "exchanged", results.exchanged(exercise, [f for _, f, _ in pairs], [r for _, _, r in pairs])
    passed = [not o.kind and _agrees(exercise, o.value, r) for o, r in zip(outcomes, rights, strict=True)]
    if all(p or o.kind for p, o in zip(passed, outcomes, strict=True)):
        return
    probe = probes.Probe(exercise, ask, names, end=end)
    if near:
        yield "unsteady", probes.unsteady(probe, cases, outcomes)
    parts = _parts(exercise, pairs, names, several)
    yield "read", _of_parts(parts, (_same_shape, _other_shape, _items))
    again = _Again(exercise, ask, probe)
    if near:
        probe.give(probes.SECONDS)
        yield "supposed", supposed.supposed(probe, cases, outcomes, passed, again)
        probe.give(probes.SECONDS)
        yield "ignored argument", probes.ignored_argument(probe, cases, outcomes, passed, rights, again)
        probe.give(probes.SECONDS)
        yield "ignored part", probes.ignored_part(probe, cases, outcomes, passed, rights, again)
    wide = _wide(exercise, parts, pairs, names, several, again) if near else parts
    yield "where", _of_parts(wide, (_where,))
    probe.give(probes.SECONDS / 2)
    yield "cases", features.generalised(cases, passed, names, again if near else None)
    yield "size", _of_parts(parts, (sizes.other_size,))
    yield "one of several", one_wrong(parts)
    yield "direction", _of_parts(wide, (partial(_first, readers=LAST),))


def _names(answer, case) -> list[str]:
    own = parameters(answer) or []
    return own if len(own) >= len(case.named) else list(case.named)


def _agrees(exercise, found, right) -> bool:
    done = guarded(lambda: difference(found, right, returns=exercise.returns, rtol=exercise.rtol), seconds=0.5)
    return not done.error and done.value is None


def _crashed(exercise, answer, cases, outcomes, near) -> Observation | None:
    index = next(i for i, o in enumerate(outcomes) if o.kind)
    outcome, case = outcomes[index], cases[index]
    if outcome.kind in ("time", "NotImplementedError", "KeyboardInterrupt"):
        return None
    if not near:
        return crashes.read_text(outcome.kind, outcome.detail)
    function = answer if exercise.using is None else partial(exercise.using, answer)
    said = crashes.read(function, case.args, answer) or crashes.read_text(outcome.kind, outcome.detail)
    return said


class _Again:
    """Further draws of the cases, made once: whatever is said of an argument or of the cases has to hold there too."""

    def __init__(self, exercise, ask, probe):
        self.exercise, self.ask, self.probe, self.draws = exercise, ask, probe, None

    def __call__(self) -> list:
        """[(case, what is found, what is right, whether they agree)]; empty where there is no time for all of them."""
        if self.draws is None:
            self.probe.give(probes.SECONDS)
            self.draws = list(self._drawn())
            self.draws = [] if self.probe.late else self.draws
        return self.draws

    def _drawn(self):
        for seed in range(3):
            for case in self.exercise.inputs(np.random.default_rng(seed)):
                if self.probe.late:
                    return
                outcome, right = self.ask(case.args, case), self.probe.right(case.args, oracle=True)
                if right is not None and not outcome.kind:
                    yield case, outcome.value, right.value, _agrees(self.exercise, outcome.value, right.value)


def _wide(exercise, parts, pairs, names, several, again) -> list[Part]:
    """The results over further draws too, so that what is said of places and values is no chance of one draw."""
    if any(p.failing and not p.numeric for p in parts):
        return parts
    more = [(case, found, right) for case, found, right, _ in again()]
    if several and not _several(more):
        return parts
    return _parts(exercise, [*pairs, *more], names, several) if more else parts


# -- parts -----------------------------------------------------------------------------------------------------------


def _several(pairs) -> bool:
    """Whether every case has the same number of results, and that many were found."""
    counts = {len(r) if isinstance(r, tuple) else 0 for _, _, r in pairs}
    if len(counts) != 1 or counts == {0}:
        return False
    count = counts.pop()
    return all(isinstance(f, (tuple, list)) and len(f) == count for _, f, _ in pairs)


def _parts(exercise, pairs, names, several) -> list[Part]:
    if several:
        count = len(pairs[0][2])
        labels = [f"`{n}`" for n in exercise.returns] if len(exercise.returns) == count else None
        labels = labels or [f"result {i + 1}" for i in range(count)]
        return [_part(exercise, label, [(c, f[i], r[i]) for c, f, r in pairs], names) for i, label in enumerate(labels)]
    keys = [tuple(r) if isinstance(r, dict) else None for _, _, r in pairs]
    if keys[0] and len(set(keys)) == 1 and all(isinstance(f, dict) and set(f) == set(r) for _, f, r in pairs):
        return [_part(exercise, f"`{k}`", [(c, f[k], r[k]) for c, f, r in pairs], names) for k in keys[0]]
    name = exercise.returns[0] if len(exercise.returns) == 1 else ""
    return [_part(exercise, f"`{name}`" if name else "", pairs, names)]


def _part(exercise, label, pairs, names) -> Part:
    return Part(
        label, [Pair(c, f, r, _agrees(exercise, f, r), max(exercise.rtol, 1e-6)) for c, f, r in pairs], list(names)
    )


def _of_parts(parts: list[Part], steps) -> Observation | None:
    """What is read of each wrong result, with a word on the right ones."""
    wrong = [p for p in parts if p.failing]
    said = [_first(part, steps) for part in wrong]
    if not any(said):
        return None
    every = (_same_shape, _other_shape, _items, _where)
    said = [o or _first(part, every) for part, o in zip(wrong, said, strict=True)]
    right = [p.label for p in parts if not p.failing]
    head = f"{_joined(right)} {'are' if len(right) > 1 else 'is'} right. " if right else ""
    head = _capital(head)
    left = [p.label for p, o in zip(wrong, said, strict=True) if o is None]
    verb = "are" if len(left) > 1 else "is"
    tail = [f"{_capital(_joined(left))} {verb} wrong too"] if left else []
    read = [(p.label, o) for p, o in zip(wrong, said, strict=True) if o]
    text = _sentences([(label, o.text) for label, o in read])
    told = None if any(o.told is None for _, o in read) else _sentences([(label, o.told) for label, o in read])
    return seen(head + _chained([*text, *tail]), told and head + _chained([*told, *tail]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentences(said: list[tuple[str, str]]) -> list[str]:
    """What is said of each result; the same of several is said once. No more than two sentences."""
    groups: dict[str, list[str]] = {}
    for label, text in said:
        groups.setdefault(text.replace(_capital(label), "·", 1) if label else text, []).append(label)
    out = []
    for pattern, labels in list(groups.items())[:2]:
        stop = "" if pattern.endswith("?") else "."
        same = f"{stop} So it is with {_joined(labels[1:])}" if len(labels) > 1 else ""
        out.append(pattern.replace("·", _capital(labels[0]), 1) + same)
    return out


def _chained(sentences: list[str]) -> str:
    """Sentences in a row; the last one's full stop is put where it is shown."""
    return " ".join(s if s.endswith(("?", "!", ".")) or s is sentences[-1] else s + "." for s in sentences)


def _joined(labels: list[str]) -> str:
    return " and ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def one_wrong(parts) -> Observation | None:
    """several results, and which of them are right"""
    right = [p.label for p in parts if not p.failing]
    wrong = [p.label for p in parts if p.failing]
    if not right or not wrong or len(parts) < 2:
        return None
    text = f"{_joined(right)} {'are' if len(right) > 1 else 'is'} right in every case: only {_joined(wrong)} " + (
        "are wrong" if len(wrong) > 1 else "is wrong"
    )
    return seen(_capital(text))


def _first(part: Part, readers) -> Observation | None:
    return next((said for reader in readers if (said := reader(part))), None)


def _only_another_kind(part: Part) -> bool:
    """Whether every number is right, so that there is nothing to read but the type."""
    return part.numeric and part.aligned and not any(p.wrong.any() for p in part.failing)


def _same_shape(part: Part) -> Observation | None:
    if _only_another_kind(part):
        return sequences.kinds(part) or places.imprecise(part)
    flat = _flat(part)
    return _first(part, SAME_SHAPE) or (_first(flat, OF_NUMBERS[:4]) if flat else None)


def _other_shape(part: Part) -> Observation | None:
    return _first(part, OTHER_SHAPE)


def _items(part: Part) -> Observation | None:
    return _first(part, ITEMS)


def _where(part: Part) -> Observation | None:
    if _only_another_kind(part):
        return None
    flat = _flat(part)
    return _first(part, WHERE) or (_first(flat, OF_NUMBERS[4:]) if flat else None)


def _flat(part: Part) -> Part | None:
    """The numbers of nested lists or dictionaries of the same form, in one row; None where there is no such thing."""
    if part.numeric:
        return None
    flat = []
    for p in part.pairs:
        found, right = sequences.leaves(p.found), sequences.leaves(p.right)
        if found is None or right is None or [k for k, _ in found] != [k for k, _ in right]:
            return None
        whole = all(float(x).is_integer() for _, x in right)
        values = [np.array([x for _, x in side]) for side in (found, right)]
        flat.append(Pair(p.case, values[0], values[1].astype(int) if whole else values[1], p.same, p.rtol))
    return Part(part.label, flat, part.args)

"""What kind of thing came back: nothing, a function, too few or too many results, results exchanged."""

from seqlib.checks.calling import guarded
from seqlib.checks.compare import as_array, difference
from seqlib.checks.readers.seen import Observation, seen


def _same(exercise, found, right) -> bool:
    done = guarded(lambda: difference(found, right, rtol=exercise.rtol), seconds=0.5)
    return not done.error and done.value is None


def nothing(exercise, outcomes, rights) -> Observation | None:
    """it returns nothing: no `return`, or it prints instead; it returns a function"""
    found = [o.value for o in outcomes if not o.kind]
    if not found:
        return None
    if all(v is None for v in found) and any(r is not None for r in rights):
        if any(o.printed.strip() for o in outcomes):
            return seen("It prints and returns nothing: end with `return`, a check looks at what is returned")
        return seen("It returns nothing: is there a `return` at its end?")
    if any(v is None for v in found) and not any(r is None for r in rights):
        return seen("It returns nothing for some inputs: is there a way through it that ends without a `return`?")
    if all(callable(v) and not hasattr(v, "shape") for v in found) and not any(callable(r) for r in rights):
        return seen("It returns a function, not what the function gives: are the brackets of a call missing?")
    return None


def number_of_results(exercise, outcomes, rights) -> Observation | None:
    """too few or too many results: which one came alone, what came besides"""
    pairs = [(o.value, r) for o, r in zip(outcomes, rights, strict=True) if not o.kind]
    if not pairs:
        return None
    if all(isinstance(r, tuple) for _, r in pairs):
        return _too_few(exercise, pairs)
    if all(isinstance(f, tuple) and not isinstance(r, (tuple, list)) for f, r in pairs) and all(
        as_array(r) is None or as_array(f) is None or as_array(f).shape != as_array(r).shape for f, r in pairs
    ):
        for at in range(min(len(f) for f, _ in pairs)):
            if all(_same(exercise, f[at], r) for f, r in pairs):
                return seen(f"It returns {len(pairs[0][0])} results: only the one at place {at + 1} is asked for")
        return seen(f"It returns {len(pairs[0][0])} results, where one is asked for")
    return None


def _too_few(exercise, pairs) -> Observation | None:
    names = list(exercise.returns)
    wanted = len(pairs[0][1])
    called = ", ".join(f"`{n}`" for n in names) if len(names) == wanted else f"{wanted} results"
    for at in range(wanted):
        if all(_same(exercise, f, r[at]) for f, r in pairs):
            one = f"`{names[at]}`" if len(names) == wanted else f"the result at place {at + 1}"
            return seen(f"It returns {one} alone, which is right: {called} are asked for")
    if all(isinstance(f, (tuple, list)) and len(f) != wanted for f, r in pairs):
        more = all(len(f) > wanted for f, _ in pairs)
        if more and all(all(_same(exercise, x, y) for x, y in zip(f, r, strict=False)) for f, r in pairs):
            return seen(f"It returns too many results: the first {wanted} are right, and only {called} are asked for")
        word = "too many" if more else "too few"
        return seen(f"It returns {word} results: {called} are asked for")
    if all(not isinstance(f, (tuple, list, dict)) for f, _ in pairs):
        return seen(f"It returns one result, where {called} are asked for")
    return None


def exchanged(exercise, founds, rights) -> Observation | None:
    """two results exchanged, or all in another order"""
    count = len(rights[0])
    names = [f"`{n}`" for n in exercise.returns] if len(exercise.returns) == count else None
    names = names or [f"result {i + 1}" for i in range(count)]
    for order in _orders(count):
        if all(
            all(_same(exercise, f[order[i]], r[i]) for i in range(count)) for f, r in zip(founds, rights, strict=True)
        ):
            if count == 2:
                return seen(f"The two results are exchanged: {names[0]} comes first, then {names[1]}")
            return seen(f"The results are right, but in another order: {', then '.join(names)} is asked for")
    moved = [(i, j) for i in range(count) for j in range(count) if i < j]
    for i, j in moved:
        if all(
            _same(exercise, f[i], r[j]) and _same(exercise, f[j], r[i]) for f, r in zip(founds, rights, strict=True)
        ):
            return seen(f"{names[i][0].upper() + names[i][1:]} and {names[j]} are exchanged")
    for i, j in [(i, j) for i in range(count) for j in range(count) if i != j]:
        if all(
            _same(exercise, f[i], r[j]) and not _same(exercise, r[i], r[j]) for f, r in zip(founds, rights, strict=True)
        ):
            return seen(f"Where {names[i]} belongs, {names[j]} is returned")
    return None


def _orders(count):
    from itertools import permutations

    return [o for o in permutations(range(count)) if list(o) != sorted(o)] if count <= 4 else []

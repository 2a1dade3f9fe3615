"""The rules that choose and judge, fed with numbers that turn them."""

from seqlib.studies.which_to_choose import (
    Row,
    ahead,
    alike,
    all_round,
    rows_of,
)


def rows(**scores):
    return [Row(name, {"copy": each, "text": [5 - v for v in each]}) for name, each in scores.items()]


def test_alike_is_a_matter_of_the_ranges():
    assert alike([90, 91, 92], [91, 92, 93])
    assert not alike([90, 90.1, 90.2], [92, 92.1, 92.2])
    assert alike([80, 90, 100], [82, 82, 82]) and not alike([80, 90, 100], [60, 60, 60])


def test_the_best_turn_with_the_numbers_and_with_the_direction():
    some = rows(A=[1, 1.1, 1.2], B=[3, 3.1, 3.2], C=[3.05, 3.1, 3.2])
    assert all_round(some, ["copy", "text"]) == {"copy": ["B", "C"], "text": ["B", "C"]}
    turned = [Row("A", {"text": [1, 1.1]}), Row("B", {"text": [2, 2.1]})]
    assert all_round(turned, ["text"]) == {"text": ["A"]}


def test_ahead_alike_and_behind():
    some = rows(A=[1, 1.1, 1.2], B=[3, 3.1, 3.2])
    assert ahead(some, "B", "A", ["copy", "text"]) == (2, 0, 0)
    assert ahead(some, "A", "B", ["copy"]) == (0, 0, 1) and ahead(some, "A", "A", ["copy"]) == (0, 1, 0)


def test_rows_come_from_the_recordings():
    from seqlib.studies.every_family import FAMILIES

    told = {f"{f}, {what}": [1.0, 2.0] for f in FAMILIES for what in ("score", "parameters", "steps")}
    clock = {f"{f}, ms after {a}": [0.5, 0.7] for f in FAMILIES for a in (10, 100, 1000, 10_000)}
    clock |= {f"{f}, numbers after 1000": [40.0, 40.0] for f in FAMILIES}
    found = rows_of({"copy": {"results": told}}, {"results": clock})
    assert [row.name for row in found] == list(FAMILIES)
    assert found[0].mean("copy") == 1.5 and found[0].carried == 40 and found[0].ms[100] == 0.6

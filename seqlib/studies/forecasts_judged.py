"""What the books say about forecasts, judged by the numbers measured: each verdict by a rule that can turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seqlib.display import html
from seqlib.display.page import show_html


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> None:
    """Show a table with its caption above it, and the same in plain text."""
    lines = [caption, " | ".join(headers), *(" | ".join(map(str, row)) for row in rows)]
    caption_shown = f"<p><strong>{html.escape(caption)}</strong></p>"
    show_html(f"<div>{caption_shown}{html.table(headers, rows, caption)}</div>", "\n".join(lines))


def _mean(values) -> float:
    return sum(values) / len(values)


def _count(wins: Sequence[bool]) -> str:
    return "holds" if all(wins) else "depends" if any(wins) else "fails"


def _inside(results: Mapping, name: str) -> bool:
    """Whether the best of the rates that were tried for a network is neither the smallest nor the largest of them."""
    start = f"{name}, chosen by, rate "
    tried = [float(label.removeprefix(start)) for label in results if label.startswith(start)]
    return min(tried) < results[f"{name}, rate"][0] < max(tried)


def _linear_map(ett: Mapping) -> list[tuple[str, str, str, str, str]]:
    """The row on ETTh1; none where a side was not measured, since then nothing is tested.

    "not tested", too, where a network was best at the edge of its rates.
    """
    sides = [ett.get(name) for name in ("ridge", "DLinear", "GRU by days")]
    if not all(sides):
        return []
    # Each side is judged by the worse of its seeds: the better linear map and the GRU.
    linear, network = min(sides[:2], key=max), sides[2]
    verdict = "holds" if max(linear) < min(network) else "fails" if max(network) < min(linear) else "depends"
    row = (
        "No network beats a linear map on ETTh1",
        "folklore, after Zeng et al. 2023, §4, who speak of Transformers",
        "ridge {:.3f}, DLinear {:.3f}, GRU by days {:.3f}".format(*map(_mean, sides)),
        verdict if all(_inside(ett, name) for name in ("DLinear", "GRU by days")) else "not tested",
        "On a real benchmark: ETTh1",
    )
    return [row]


def judged(
    runs: Mapping[str, Mapping],
    *,
    linear_sun: Sequence[float],
    classical_air: float,
    memory: Mapping[str, float],
    leak: Mapping[str, float],
) -> list[tuple[str, str, str, str, str]]:
    """The rows of the claims table: (claim, source, measured, verdict, where).

    runs: the results of the recorded runs "sun", "air", "town", "heart", "ett"; linear_sun: relative variances
    of the autoregression in three stretches of years; classical_air: the smallest mean error of the rules without a
    network, in ppm; memory: correlations of a random walk's changes by "last day" and "average"; leak: shares explained
    by "split at random" and "split in time".
    """
    sun = [runs["sun"][f"GRU, {era}"] for era in ("1921–55", "1956–79", "1980–2008")]
    # A stretch is won or lost where all seeds agree; everything else depends.
    won = [max(network) < linear for network, linear in zip(sun, linear_sun, strict=True)]
    lost = [min(network) > linear for network, linear in zip(sun, linear_sun, strict=True)]
    listener, linear_ear = (runs["heart"][f"{who}, area"] for who in ("GRU", "autoregression"))
    network = min((runs["air"][kind] for kind in ("GRU of levels", "GRU of changes")), key=_mean)
    air = _mean(network)
    hourly = [_mean(runs["town"][f"autoregression, in it, {part}"]) for part in ("night", "noon")]
    whole = _mean(runs["town"]["autoregression, in the 90 % band"])
    return [
        (
            "A network forecasts better than an autoregression: sunspots",
            "folklore; Weigend et al. 1990 for 1921–55",
            "relative variance "
            + ", ".join(
                f"{_mean(network):.3f} against {linear:.3f}" for network, linear in zip(sun, linear_sun, strict=True)
            ),
            "holds" if all(won) else "fails" if all(lost) else "depends",
            "The bar: an autoregression",
        ),
        (
            "The same: odd heartbeats",
            "folklore",
            f"area {_mean(listener):.2f} against {_mean(linear_ear):.2f} of one order, 48 samples. A test searches "
            "the order as it does the rate",
            "not tested",
            "A heart: surprise as an alarm",
        ),
        (
            "Statistical methods forecast single monthly series better than networks do",
            "Makridakis et al. 2018, results",
            f"CO₂: {classical_air:.2f} ppm, networks {air:.2f} ppm at best; the rules were fitted anew at each origin, "
            "the networks trained once, and it is one series",
            "not tested",
            "The air: a season, a trend, many origins",
        ),
        *_linear_map(runs["ett"]),
        (
            "A 90 % band holds the truth 90 % of the time",
            "what a band promises",
            f"normal bands: {whole:.0f} % on the whole, {hourly[0]:.0f} % at night, {hourly[1]:.0f} % at noon",
            _count([abs(share - 90) < 5 for share in (whole, *hourly)]),
            "How sure are you?",
        ),
        (
            "Averages of a random walk look forecastable, with a correlation near 1/4",
            "Working 1960",
            f"averages {memory['average']:.3f}, last days {memory['last day']:.3f}",
            "holds" if abs(memory["average"] - 0.25) < 0.03 > abs(memory["last day"]) else "fails",
            "Shares: the walk that looks like skill",
        ),
        (
            "Windows split at random test a forecast fairly",
            "a common habit",
            f"a random walk “explained”: {100 * leak['split at random']:.0f} % at random, "
            f"{100 * leak['split in time']:.0f} % in time",
            "fails" if leak["split at random"] > leak["split in time"] + 0.1 else "holds",
            "Break it",
        ),
    ]

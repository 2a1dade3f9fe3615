"""Dates as people write them in sixteen languages, and the same dates as ISO 8601: pairs of characters.

The texts are made by Babel from Unicode's locale data (CLDR), which changes a little between versions: never expect
an exact text from it. The short format is left out, since "03/04/05" is another day in every country.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from seqlib import expect

# Two scripts beside Latin with an order of their own, one without spaces; the year comes first in hu and ja.
LOCALES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "sv": "Swedish", "pl": "Polish", "cs": "Czech", "fi": "Finnish", "hu": "Hungarian",
    "tr": "Turkish", "ru": "Russian", "el": "Greek", "ja": "Japanese",
}  # fmt: skip
FORMATS = ("medium", "long", "full")  # "Mar 5, 2021", "March 5, 2021", "Friday, March 5, 2021"


@dataclass(frozen=True)
class DatePair:
    """A date as text in one language and as ISO 8601, both to be read character by character.

    Unpacks as `source, target = pair`.
    """

    source: str
    target: str
    locale: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.source, self.target))


def write_date(day: datetime.date, locale: str, form: str = "long") -> str:
    """The date as people write it in that language; every kind of space becomes a plain one."""
    from babel.dates import format_date

    expect.one_of(form, "form", FORMATS)
    expect.one_of(locale, "locale", tuple(LOCALES))
    if not isinstance(day, datetime.date):
        raise ValueError(f"day should be a datetime.date, got {expect.shown(day)}")
    return " ".join(format_date(day, format=form, locale=locale).split())


def date_pairs(
    count: int,
    *,
    locales: Collection[str] = tuple(LOCALES),
    formats: Collection[str] = FORMATS,
    years: tuple[int, int] = (1900, 2099),
    seed: int = 0,
    exclude: Iterable[DatePair] = (),
) -> list[DatePair]:
    """`count` different pairs; day, language and format are drawn evenly.

    `exclude`: pairs (the training set, say) whose *days* do not come again in any language, so that a test asks for
    days never seen. ValueError if a locale or format is not one of those above, the years are not in order, or
    there are too few days.
    """
    expect.wholes(0, count=count, seed=seed)
    locales, formats = expect.words(locales, "locales"), expect.words(formats, "formats")
    unknown = [name for name in locales if name not in LOCALES] + [f for f in formats if f not in FORMATS]
    if unknown or not locales or not formats:
        raise ValueError(f"expected locales of {', '.join(LOCALES)} and formats of {', '.join(FORMATS)}; got {unknown}")
    if not 1000 <= years[0] <= years[1] <= 9999:
        raise ValueError(f"years should be two years of four digits in order, got {years}")
    first, last = datetime.date(years[0], 1, 1).toordinal(), datetime.date(years[1], 12, 31).toordinal()
    taken = {pair.target for pair in exclude}
    rng, pairs, misses = np.random.default_rng(seed), {}, 0
    while len(pairs) < count:
        day = datetime.date.fromordinal(int(rng.integers(first, last + 1)))
        locale, form = locales[rng.integers(len(locales))], formats[rng.integers(len(formats))]
        pair = DatePair(write_date(day, locale, form), day.isoformat(), locale)
        if pair.target in taken or pair in pairs:
            misses += 1
            if misses > 1000 + 20 * count:
                raise ValueError(f"between {years[0]} and {years[1]} there are too few days for {count} pairs")
            continue
        pairs[pair] = None
    return list(pairs)


def read_without_learning(text: str, rng: np.random.Generator) -> str:
    """A baseline: four digits are the year, another number the day; a month that is no number is guessed."""
    numbers = re.findall(r"\d+", text)
    year = next((number for number in numbers if len(number) == 4), None)
    if year is None or not 2 <= len(numbers) <= 3:
        raise ValueError(f"expected a date with a year of four digits and a day, got {text!r}")
    rest = [int(number) for number in numbers if number is not year]
    if len(rest) == 2:  # year first: month, day; year last: day, month
        month, day = rest if numbers[0] is year else rest[::-1]
    else:
        month, day = int(rng.integers(1, 13)), rest[0]
    return f"{year}-{month:02}-{day:02}"

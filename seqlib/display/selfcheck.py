"""What learners test themselves with: quizzes, flashcards, their guesses beside the measurement, claims.

Everything is HTML made of <details>: it works with no kernel, no script and no mouse. Each function returns
an object to display, so it stands on the last line of its cell.
"""

import math
import re
from collections.abc import Iterable, Sequence

from seqlib.display import html
from seqlib.display.questions import Card, Choice, Question, of_notebook


class Shown:
    """Something to look at: HTML where there is a browser, and a twin in plain text that says the same."""

    def __init__(self, as_html: str, as_text: str):
        self.as_html, self.as_text = as_html, as_text

    def __repr__(self):
        return self.as_text

    def _repr_html_(self):
        return self.as_html


def quiz(notebook: str) -> Shown:
    """The questions of a notebook, such as quiz("02"); each choice opens its own explanation."""
    return show_quiz(of_notebook(notebook)[0])


def flashcards(notebook: str) -> Shown:
    """The flashcards of a notebook, such as flashcards("02"); a card opened shows its back."""
    return show_flashcards(of_notebook(notebook)[1])


def show_quiz(questions: Sequence[Question], asked_in: Sequence[str] = ()) -> Shown:
    """Questions as one card, numbered; with `asked_in`, the notebook of each and letters before its choices."""
    places = list(asked_in) or [""] * len(questions)
    body = html.Html("".join(_question(i, *each) for i, each in enumerate(zip(questions, places, strict=True), 1)))
    lines = []
    for i, (question, place) in enumerate(zip(questions, places, strict=True), 1):
        lines += [f"{i}. {place and f'({place}) '}{question.text}"]
        lines += [f"   {letter}) {choice.text}" for letter, choice in _lettered(question)]
    rights = [
        f"{i} {', '.join(letter for letter, choice in _lettered(question) if choice.right)}"
        for i, question in enumerate(questions, 1)
    ]
    title = "Check yourself: choose an answer to see why"
    word = "1 question" if len(questions) == 1 else f"{len(questions)} questions"
    return Shown(
        html.card("note", title, body, word=word, parts=("quiz",)),
        "\n".join([*lines, f"Right: {'; '.join(rights)}."]),
    )


def _lettered(question: Question) -> Iterable[tuple[str, Choice]]:
    return zip("abcdefghij", question.choices, strict=False)


def _question(number: int, question: Question, asked_in: str = "") -> str:
    # Within one group a browser keeps one choice open, so an explanation never stands beside another's.
    group = "quiz-" + html.identity(question.text)
    head, choices = html.inline(f"{number}. {asked_in and f'({asked_in}) '}{question.text}"), ""
    for letter, choice in _lettered(question):
        verdict = "<strong>Right.</strong>" if choice.right else "<strong>Not quite.</strong>"
        why = html.Html(f"<p>{verdict} {html.inline(choice.why)}</p>")
        kind = "sl-ok" if choice.right else "sl-wrong"
        said = f"{letter}) {choice.text}" if asked_in else choice.text
        choices += html.details(said, why, f"sl-choice {kind}", group=group)
    return f'<div class="sl-q"><p><strong>{head}</strong></p>{choices}<br class="sl-apart"></div>'


def show_flashcards(cards: Sequence[Card]) -> Shown:
    """Flashcards in a grid that fits the page's width."""
    faces = [html.details(c.front, html.Html(f"<p>{html.inline(c.back)}</p>"), "sl-flash") for c in cards]
    body = html.Html(f'<div class="sl-grid">{"".join(faces)}</div>')
    word = "1 card" if len(cards) == 1 else f"{len(cards)} cards"
    return Shown(
        html.card("note", "Flashcards: say the answer, then open the card", body, word=word, parts=("flash",)),
        "\n".join(f"{c.front}: {c.back}" for c in cards),
    )


def reveal(
    guess: object,
    actual: object,
    what: str,
    unit: str = "",
    fmt: str = "{:.3g}",
    options: Sequence[str] | None = None,
) -> Shown:
    """A guess written before the run beside what was measured; a guess of None is welcome.

    Numbers come with a number line and how far apart they are; anything else is compared as it reads.
    `options` lists what a guess in words could be.
    """
    measured = None if isinstance(actual, str) else _number(actual)
    number = _number(guess) if measured is not None else None
    if number is not None and "%" in str(guess) and "%" not in unit:
        number /= 100
    found = _written(actual, unit, fmt)
    if guess is None or isinstance(guess, str) and not guess.strip():
        word, line = (
            "no guess",
            f"Measured: {found}. (No guess written this time: a wrong one teaches more than none.)",
        )
        return _revealed("todo", what, word, line)
    yours = _written(guess if number is None else number, unit, fmt)
    both = f"Your guess: {yours}. Measured: {found}."
    if number is not None:
        word, near = _nearness(number, measured, unit, fmt)
        scale = _scale(number, measured, yours, found)
        body = html.Html(f"{scale}<p>{html.inline(both)} {html.inline(near)}</p>")
        return _revealed("note", what, word, f"{both} {near}", body)
    if measured is not None:
        return _revealed("note", what, "not a number", f"{both} Write the guess as a number to see how near it was.")
    if _same(guess, actual):
        return _revealed("note", what, "as you said", f"{both} That is just what happened.")
    if options and not any(_same(guess, option) for option in options):
        choices = ", ".join(map(str, options))
        return _revealed("note", what, "another word", f"{both} The guesses to choose from were: {choices}.")
    return _revealed("note", what, "a surprise", f"{both} Not what you expected: what made the difference?")


def _revealed(kind: str, what: str, word: str, line: str, body: html.Html | None = None) -> Shown:
    return Shown(html.card(kind, what, body or line, word=word, parts=("reveal",)), f"{what}. {line}")


def _number(value: object) -> float | None:
    """A finite float from a number, a one-element array or text such as "51 %"; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        match = re.match(r"\s*([-+−]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)", value, re.I)
        value = match and match.group(1).replace("−", "-").replace(",", ".")
    try:
        number = float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: a tensor of several elements
        return None
    return number if math.isfinite(number) else None


def _written(value: object, unit: str, fmt: str) -> str:
    if isinstance(value, str) or _number(value) is None:
        return str(value)
    return fmt.format(_number(value)) + (f" {unit}" if unit else "")


def _same(guess: object, actual: object) -> bool:
    plain = [re.sub(r"[\s'\"().,!]+", " ", str(value)).strip().casefold() for value in (guess, actual)]
    return plain[0] == plain[1]


def _nearness(guess: float, measured: float, unit: str, fmt: str) -> tuple[str, str]:
    """How near a guess was: a word for the badge, and a plain, kind sentence."""
    if fmt.format(guess) == fmt.format(measured):
        return "spot on", "Spot on."
    gap, side = _written(abs(guess - measured), unit, fmt), "above" if guess > measured else "below"
    relative = abs(guess - measured) / max(abs(measured), 1e-12)
    if relative <= 0.05:
        return "very close", f"Very close: {gap} {side}."
    if relative <= 0.25:
        return "close", f"Close: {gap} {side}."
    if guess * measured > 0:
        times = max(guess / measured, measured / guess)
        often = f"{times:.2g} times" if times < 100 else f"more than {10 ** int(math.log10(times)):,} times"
        if times <= 2:
            return "the right size", f"The right size, {gap} {side}."
        return (
            "a surprise",
            f"A surprise: {often} {'the measured value' if guess / measured > 1 else 'smaller'}.",
        )
    return "a surprise", f"A surprise: {gap} {side}."


def _scale(guess: float, measured: float, yours: str, found: str) -> str:
    """A number line with the guess above it and the measurement below; zero is on it where it is near."""
    low, high = min(guess, measured), max(guess, measured)
    if 0 < low and high < 20 * low or low < 0 < high:
        low, high = min(low, 0), max(high, 0)
    elif high < 0 and low > 20 * high:
        high = 0
    span = (high - low) or 1.0
    place = {v: round(40 + 400 * (v - low) / span, 1) for v in (guess, measured, 0.0)}
    zero = ""
    if low <= 0 <= high and 0 not in (guess, measured):
        zero = f'<path d="M{place[0.0]} 37v10" stroke="#999"/>'
        if abs(place[0.0] - place[measured]) > 110:
            zero += f'<text x="{place[0.0]}" y="64" text-anchor="middle">0</text>'
    g, m = place[guess], place[measured]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 8 480 65" width="480" height="65" font-size="13" '
        'font-family="sans-serif" fill="#333"><rect y="8" width="480" height="65" fill="#fff"/>'
        f'<path d="M20 42H460" stroke="#999"/>{zero}'
        f'<path d="M{g} 42H{m}" stroke="#2f6fce" stroke-width="4" stroke-opacity=".55"/>'
        f'<circle cx="{g}" cy="42" r="6" fill="none" stroke="#333" stroke-width="2"/>'
        f'<path d="M{m} 34l8 8-8 8-8-8z" fill="#2f6fce"/>'
        f"{_label(g, 22, f'your guess {yours}')}{_label(m, 68, f'measured {found}')}</svg>"
    )
    return html.picture(svg, f"Number line: your guess {yours}, measured {found}", 480)


def _label(x: float, y: int, text: str) -> str:
    anchor = "start" if x < 120 else "end" if x > 360 else "middle"
    x += {"start": -8, "end": 8}.get(anchor, 0)
    return f'<text x="{x:g}" y="{y}" text-anchor="{anchor}">{html.escape(text)}</text>'


VERDICTS = {"holds": "✓ holds", "fails": "✗ fails", "depends": "~ depends", "not tested": "○ not tested here"}


def claims(rows: Iterable[tuple[str, str, str, str, str]]) -> Shown:
    """What textbooks say beside what was measured here.

    A row is (claim, source, measured, verdict, where); the verdict is holds, fails, depends or not tested, and `where`
    names the section that measures it.
    """
    rows = [tuple(row) for row in rows]
    for row in rows:
        if len(row) != 5 or row[3] not in VERDICTS:
            raise ValueError(f"expected (claim, source, measured, {'|'.join(VERDICTS)}, where); got {row!r}")
    shown = [
        (
            claim,
            source,
            measured,
            html.Html(f'<strong style="white-space:nowrap">{VERDICTS[verdict]}</strong>'),
            where,
        )
        for claim, source, measured, verdict, where in rows
    ]
    body = html.table(["Claim", "Who says so", "Measured here", "Verdict", "Where"], shown, caption="Claims")
    counts = {verdict: sum(row[3] == verdict for row in rows) for verdict in VERDICTS}
    word = ", ".join(f"{n} {_agree(verdict, n)}" for verdict, n in counts.items() if n)
    text = "\n".join(f"{c} ({source}). Measured: {m}. {v}. {where}" for c, source, m, v, where in rows)
    return Shown(html.card("note", "What the books say, and what you measured", body, word=word), text)


def _agree(verdict: str, count: int) -> str:
    return verdict if count == 1 else verdict.removesuffix("s")

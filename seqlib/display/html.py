"""The one place for the HTML of cards: check results, hints, quizzes, flashcards, guesses, tables.

Every function is pure and returns a string that stands alone: one small inline <style> (cards.css), no
script, no font, no request, so that a card looks the same in JupyterLab, in Colab, in a static page and in a
saved notebook. Nothing depends on time, chance or a counter: the same arguments give the same bytes.
"""

import base64
import hashlib
import html as _html
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

KINDS = {"ok": ("✓", "passed"), "wrong": ("✗", "not yet"), "todo": ("○", "to do"), "note": ("", "note")}
HINT_TITLES = ("A first hint", "One more step", "Nearly the answer")

# JupyterLab acts on single keys (`d d` deletes the cell) unless the focused element itself says otherwise.
FOCUSABLE = 'data-lm-suppress-shortcuts="true"'


class Html(str):
    """A string that is HTML already and is not escaped again."""


def escape(text: object) -> Html:
    """Text made safe inside HTML and inside a quoted attribute; `Html` passes unchanged."""
    return text if isinstance(text, Html) else Html(_html.escape(str(text), quote=True))


_NAMES = dict(
    alpha="α", beta="β", gamma="γ", delta="δ", epsilon="ε", varepsilon="ε", eta="η", theta="θ", kappa="κ", mu="μ",
    pi="π", rho="ρ", sigma="σ", tau="τ", phi="φ", Delta="Δ", Sigma="Σ", times=" × ", cdot=" · ", odot=" ⊙ ", to=" → ",
    le=" ≤ ", ge=" ≥ ", ne=" ≠ ", approx=" ≈ ", mid=" | ", sum="∑", infty="∞", partial="∂", dots="…",
    ldots="…", top="⊤", tanh="tanh", exp="exp", log="log", ln="ln", sin="sin", cos="cos", max="max", min="min",
    pm=" ± ", quad=" ", **{"lambda": "λ", "in": " ∈ "},
)  # fmt: skip
_SPACES = {",": "\u2009", ";": "\u2005", "!": ""}
_FUNCTIONS = {"tanh", "exp", "log", "ln", "sin", "cos", "max", "min"}
_SINGLE = re.compile(r"[A-Za-z0-9](_\w|_{\w+})?")  # what a root covers without brackets
_TOKEN = re.compile(r"\\([A-Za-z]+)|\\([,;!%{}])|([A-Za-z]+)|([_^])|([0-9.]+)|(.)", re.S)


def math(tex: str) -> Html:
    r"""A short formula as plain HTML: letters in italics, sub- and superscripts, names such as \alpha, \tanh.

    Ordinary HTML reads the same where no typesetter runs: in Colab's outputs, in a page offline. What is not
    known here (fractions, matrices) stays between dollar signs for the page's own typesetter.
    """
    try:
        body, _ = _run(tex, 0, closing="")
    except (KeyError, ValueError):
        # A page's MathJax skips the card (so a learner's "$5 … $6" stays as typed) and is let in here alone.
        return Html(f'<span class="tex2jax_process mathjax_process">${escape(tex)}$</span>')
    return Html(f'<span class="sl-math">{body}</span>')


def _run(tex: str, at: int, closing: str) -> tuple[str, int]:
    """The HTML of `tex` from position `at` to the `closing` brace; ValueError if the braces do not match."""
    out = []
    while at < len(tex):
        if tex[at] == closing:
            return "".join(out), at + 1
        piece, at = _atom(tex, at)
        if piece in _FUNCTIONS and out and (out[-1][-1] in ">)" or out[-1][-1].isalnum()):
            out.append(_SPACES[","])  # o tanh c, not otanh c
        out.append(piece)
    if closing:
        raise ValueError(f"expected {closing!r} before the end of {tex!r}")
    return "".join(out), at


def _atom(tex: str, at: int) -> tuple[str, int]:
    """One letter, number, name, group or script of a formula, and the position after it."""
    match = _TOKEN.match(tex, at)
    name, mark, letters, script, number, other = match.groups()
    if name in ("text", "mathrm", "operatorname") and tex[match.end() : match.end() + 1] == "{":
        end = tex.index("}", match.end())
        return escape(tex[match.end() + 1 : end]), end + 1
    if name == "sqrt" and tex[match.end() : match.end() + 1] == "{":
        under, end = _run(tex, match.end() + 1, "}")
        return (f"√{under}" if _SINGLE.fullmatch(tex, match.end() + 1, end - 1) else f"√({under})"), end
    if name:
        return _NAMES[name], match.end()
    if script:
        first = at + 1
        while first < len(tex) and tex[first] == " ":
            first += 1
        if first == len(tex):
            raise ValueError(f"expected something after {script!r} in {tex!r}")
        piece, end = _run(tex, first + 1, "}") if tex[first] == "{" else _atom(tex[: first + 1], first)
        tag = "sub" if script == "_" else "sup"
        return f"<{tag}>{piece}</{tag}>", end
    if other == "{":
        return _run(tex, match.end(), "}")
    if other in ("}", "\\"):
        raise ValueError(f"cannot read {other!r} in {tex!r}")
    if letters:
        return f"<i>{letters}</i>", match.end()
    if mark:
        return _SPACES.get(mark, mark), match.end()
    return {"-": "−", "=": " = ", " ": "\u2009"}.get(other, escape(number or other)), match.end()


_CODE = re.compile(r"`([^`\n]+)`")
_PROSE = re.compile(
    _CODE.pattern
    + r"|(?<![\\\w])\$([^$\s](?:[^$]*[^$\s])?)\$|\*\*([^*]+)\*\*|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
)


def inline(text: object) -> Html:
    """Prose with `code`, $formula$, **bold** and *emphasis* as HTML; a literal dollar sign is written \\$."""
    if isinstance(text, Html):
        return text
    text, out, at = str(text), [], 0
    for match in _PROSE.finditer(text):
        code, tex, bold, emphasis = match.groups()
        out.append(escape(text[at : match.start()].replace("\\$", "$")))
        if code is not None:
            out.append(f"<code>{escape(code)}</code>")
        elif tex is not None:
            out.append(math(tex))
        else:
            out.append(f"<strong>{escape(bold)}</strong>" if bold else f"<em>{escape(emphasis)}</em>")
        at = match.end()
    return Html("".join([*out, escape(text[at:].replace("\\$", "$"))]))


def verbatim(text: object) -> Html:
    """Text that may quote a learner's own output: `code` is set as code, all else stays as it is."""
    return Html(_CODE.sub(r"<code>\1</code>", escape(text)))


def identity(*parts: object, length: int = 8) -> str:
    """A short identifier that follows from the content, for `name` and `id` attributes."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:length]


@cache
def _stylesheet() -> dict[str, str]:
    """The parts of cards.css by name, each on one line."""
    css = (Path(__file__).parent / "cards.css").read_text(encoding="utf-8")
    parts = re.split(r"/\* @(\w+) \*/", re.sub(r"\s+", " ", css))
    tight = [re.sub(r" ?([{};,]) ?", r"\1", part).replace(": ", ":").strip() for part in parts[2::2]]
    return dict(zip(parts[1::2], tight, strict=True))


def style(*parts: str) -> Html:
    """The inline <style> for the named parts: card, check, table, quiz, flash, reveal."""
    return Html(f"<style>{''.join(_stylesheet()[part] for part in parts)}</style>")


def details(summary: object, body: object, css: str, *, group: str = "", open: bool = False) -> Html:
    """A disclosure that works without a kernel and without JupyterLab's single-key shortcuts."""
    name = f' name="{escape(group)}"' if group else ""
    return Html(
        f'<details class="{css}"{name}{" open" if open else ""}>'
        f"<summary {FOCUSABLE}><span>{inline(summary)}</span></summary>{body}</details>"
    )


def card(kind: str, title: object, body: object = "", *, word: str | None = None, parts: Sequence[str] = ()) -> Html:
    """A framed card; `kind` is ok, wrong, todo or note, told by a symbol and a word as well as by colour.

    `body` is text, a paragraph a line, or `Html`; `word` replaces the kind's own word; `parts` names further
    styles (see `style`).
    """
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}; got {kind!r}")
    symbol, own_word = KINDS[kind]
    if not isinstance(body, Html):
        body = Html("".join(f"<p>{inline(line)}</p>" for line in str(body).splitlines() if line.strip()))
    return Html(
        f'<div class="sl-card sl-{kind} tex2jax_ignore mathjax_ignore">{style("card", *parts)}'
        f'<div class="sl-head"><span class="sl-badge" aria-hidden="true">{symbol}</span>{_gap(" " * bool(symbol))}'
        f'<span class="sl-title">{inline(title)}</span>{_gap(" · ")}'
        f'<span class="sl-word">{escape(own_word if word is None else word)}</span></div>'
        f'<div class="sl-body">{body}</div></div>'
    )


def _gap(mark: str) -> str:
    """What separates two parts of a line where the page's own style is stripped; with it, space does."""
    return f'<span class="sl-gap">{mark}</span>'


def picture(svg: str, alt: str, width: int) -> Html:
    """An SVG as an <img>, which pages that strip inline SVG keep; `svg` brings its own ground and colours."""
    encoded = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return Html(
        f'<img alt="{escape(alt)}" width="{width}" style="max-width:100%;height:auto" '
        f'src="data:image/svg+xml;base64,{encoded}">'
    )


def check_result(
    name: str,
    state: str,
    points: float,
    max_points: float,
    cases: Iterable[tuple[str, bool | None, str]] = (),
    diagnosis: str | None = None,
    notes: Iterable[str] = (),
    stand_in: bool = False,
    hints: Sequence[str] = (),
    observation: str | None = None,
) -> Html:
    """What a check found: points, each case, the mistake it recognises, notes, and hints in steps.

    `state` is ok, wrong or todo; a case is (label, passed or None for not run, what is wrong). `diagnosis`
    completes the sentence "This is what you get when …"; `observation` is a sentence of its own.
    """
    title = Html(f"{escape(name)} · {points:g} of {max_points:g} point{'' if max_points == 1 else 's'}")
    body = _cases(list(cases), state)
    if diagnosis:
        body += f'<div class="sl-diag">{inline(diagnosis_sentence(diagnosis))}</div>'
    elif observation:
        body += f'<div class="sl-diag">{observed(observation)}</div>'
    if stand_in:
        body += f'<p class="sl-side">{escape(stand_in_line(state))}</p>'
    body += "".join(f'<p class="sl-side">{verbatim(note)}</p>' for note in notes)
    if state != "ok":
        body += hint_steps(hints)
    return card(state, title, Html(body), parts=("check",))


def diagnosis_sentence(diagnosis: str) -> str:
    """The diagnosis as a whole sentence with its full stop."""
    text = diagnosis.strip()
    text = text if text.lower().startswith("this is what") else f"This is what you get when {text}"
    return text if text.endswith((".", "!", "?")) else text + "."


def observed(observation: str) -> Html:
    """What is seen in a wrong answer, as whole sentences with a full stop."""
    return inline(stopped(observation))


def stopped(text: str) -> str:
    """With a full stop where nothing else ends it."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."


def stand_in_line(state: str) -> str:
    """What the learner is told while a stand-in does the work of an answer."""
    if state == "todo":
        return "Nothing is written here yet. A stand-in does this part, so that the cells below run."
    return "Until yours passes, a stand-in does this part, so that the cells below run."


def _cases(cases: list[tuple[str, bool | None, str]], state: str) -> str:
    if not cases:
        return ""
    if state == "ok" and not any(message for _, _, message in cases):
        return f'<p class="sl-side">{" · ".join(f"✓ {verbatim(label)}" for label, _, _ in cases)}</p>'
    words = {True: ("✓", "passed"), False: ("✗", "failed"), None: ("○", "not run")}
    items = []
    for label, passed, message in cases:
        symbol, word = words[passed]
        detail = f'<br><span class="sl-msg">{verbatim(message)}</span>' if message else ""
        mark = f'<b role="img" aria-label="{word}">{symbol}</b>{_gap(" ")}'
        items.append(f'<li>{mark}<span class="sl-case"><strong>{verbatim(label)}</strong>{detail}</span></li>')
    return f'<ul class="sl-cases">{"".join(items)}</ul>'


def hint_steps(hints: Sequence[str]) -> Html:
    """Hints folded one inside another, so that each is asked for and none needs a kernel."""
    body = Html("")
    for i in reversed(range(len(hints))):
        title = HINT_TITLES[-1] if i and i == len(hints) - 1 else HINT_TITLES[min(i, 1)]
        body = details(title, Html(f"<p>{inline(hints[i])}</p>{body}"), "sl-hint")
    return body


def table(headers: Sequence[object], rows: Iterable[Sequence[object]], caption: str = "") -> Html:
    """A table that scrolls sideways in itself on a narrow page; cells are prose (see `inline`) or `Html`."""
    head = "".join(f'<th scope="col">{inline(header)}</th>' for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    label = f' aria-label="{escape(caption)}"' if caption else ""
    return Html(
        f'<div class="sl-table tex2jax_ignore mathjax_ignore">{style("table")}'
        f"<table{label}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )

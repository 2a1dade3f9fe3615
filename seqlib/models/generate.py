"""From next-token logits to sequences: the likeliest token each time, a beam of candidates, or a draw.

Every function takes `step(tokens, state) -> (logits, state)`: the tokens written last (B,), whatever the model
needs to go on (a tensor, or tuples of tensors, the batch dimension first), and the logits of the next token (B, V).
"""

from collections.abc import Callable
from functools import wraps

import torch

from seqlib import expect

__all__ = ["beam_search", "best_beams", "filtered", "first_tensor", "greedy", "sample", "select", "until_end"]


def first_tensor(state) -> torch.Tensor:
    """The first tensor of a state: it tells how many sequences there are, and on which device."""
    if isinstance(state, torch.Tensor) and state.ndim:
        return state
    if not isinstance(state, (tuple, list)) or not state:
        raise ValueError(f"state should be a tensor (B, …) or a tuple of tensors, got {expect.shown(state)}")
    return first_tensor(state[0])


def select(state, rows: torch.Tensor):
    """The state of these rows of the batch, in this order; a row may be taken twice."""
    if isinstance(state, torch.Tensor):
        try:
            return state[rows]
        except IndexError:
            raise ValueError(f"rows should lie below {len(state)}, the batch, got {rows.tolist()}") from None
    first_tensor(state)  # an error for what is no state
    return tuple(select(part, rows) for part in state)


@torch.no_grad()
def greedy(step: Callable, state, start: int, end: int, max_steps: int) -> torch.Tensor:
    """The likeliest token at each step, from `start` until every sequence has written `end`.

    Returns tokens (B, T), T at most max_steps: the end mark included, then repeated. Written in 10.
    """
    like = first_tensor(state)
    tokens = torch.full((len(like),), start, device=like.device)
    ended, written = torch.zeros_like(tokens, dtype=torch.bool), []
    for _ in range(max_steps):
        logits, state = step(tokens, state)
        tokens = logits.argmax(dim=1).masked_fill(ended, end)
        written.append(tokens)
        ended = ended | (tokens == end)
        if ended.all():
            break
    return torch.stack(written, dim=1)


def best_beams(each, log_p, lengths, ended, end: int, length_power: float = 0.0) -> tuple:
    """One step of a beam search: of all beginnings made one token longer, the best ones of each sequence.

    each (B, width, V): log p of every next token; log_p, lengths, ended (B, width): of the beginnings so far. The
    score is log p / length**length_power; a beginning that has ended goes on with `end` alone, at no cost and
    no length. Returns, best first: which beginning (B, width), which token, the new log_p and lengths. Written in 10.
    """
    only_end = torch.full_like(each, -torch.inf)
    only_end[:, :, end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + ~ended)[:, :, None].expand_as(total)
    best = (total / longer**length_power).flatten(1).topk(each.shape[1]).indices
    log_p, lengths = (part.flatten(1).gather(1, best) for part in (total, longer))
    return best // each.shape[2], best % each.shape[2], log_p, lengths


@torch.no_grad()
def beam_search(
    step: Callable, state, start: int, end: int, max_steps: int, width: int = 4, length_power: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Keep the `width` best beginnings of each sequence, and hand back the best one at the end.

    A beginning's score is log p divided by its length (the end mark counts) to the length_power; one that has
    ended stays in the beam at no further cost. Returns tokens (B, T), as greedy does, and their scores (B,).
    Written in 10. Source: Sutskever et al. 2014, §3.2; the division: Wu et al. 2016, §7.
    """
    like = first_tensor(state)
    batch, rows = len(like), torch.arange(len(like), device=like.device)[:, None]
    state = select(state, rows.expand(batch, width).flatten())
    tokens = torch.full((batch, width, 1), start, device=like.device)
    log_p = torch.full((batch, width), -torch.inf, device=like.device)
    log_p[:, 0] = 0.0  # all beams are alike at first: only one may grow
    lengths = torch.zeros_like(log_p)
    ended = torch.zeros_like(log_p, dtype=torch.bool)
    for _ in range(max_steps):
        logits, state = step(tokens[:, :, -1].flatten(), state)
        each = logits.log_softmax(dim=1).unflatten(0, (batch, width))
        parent, token, log_p, lengths = best_beams(each, log_p, lengths, ended, end, length_power)
        tokens = torch.cat([tokens[rows, parent], token[:, :, None]], dim=2)
        state = select(state, (rows * width + parent).flatten())
        ended = token == end  # an ended beam can only write the end mark again
        if ended.all():
            break
    scores, chosen = (log_p / lengths**length_power).max(dim=1)
    return tokens[rows[:, 0], chosen, 1:], scores


def filtered(
    logits: torch.Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> torch.Tensor:
    """Probabilities (B, V) to draw from: logits over the temperature, the tail cut off, the rest made to sum to 1.

    top_k keeps the k likeliest tokens; top_p the smallest set of likeliest tokens that holds at least that
    probability. Source: Holtzman et al. 2020, §3.1 (top-p), §3.2 (top-k, temperature).
    """
    _cutting(temperature, top_k, top_p)
    _answer(logits)
    # From the largest one down, no temperature above 0 is so low that the division ends in inf.
    from_largest = (logits - logits.amax(dim=1, keepdim=True)) / temperature
    p, order = from_largest.softmax(dim=1).sort(dim=1, descending=True, stable=True)
    if top_k is not None:
        p[:, top_k:] = 0.0
    if top_p is not None and top_p < 1:  # at 1 nothing is cut off, whatever the rounding of the sum says
        before = p.cumsum(dim=1) - p
        p = p.masked_fill(before >= top_p, 0.0)
    p = p / p.sum(dim=1, keepdim=True)
    return torch.zeros_like(p).scatter(1, order, p)


@torch.no_grad()
def sample(
    step: Callable,
    state,
    start: int,
    end: int | None,
    max_steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Draw each next token from `filtered` probabilities; otherwise as greedy. end=None: always max_steps tokens."""
    _asked(step, state, start, end, max_steps)
    _cutting(temperature, top_k, top_p)
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ValueError(f"generator should be a torch.Generator or None, got {expect.shown(generator)}")
    like = first_tensor(state)
    tokens = torch.full((len(like),), start, device=like.device)
    ended, written = torch.zeros_like(tokens, dtype=torch.bool), []
    for _ in range(max_steps):
        logits, state = _both(step(tokens, state))
        _answer(logits, len(tokens), end)
        p = filtered(logits, temperature, top_k, top_p)
        tokens = torch.multinomial(p, 1, generator=generator)[:, 0]
        if end is not None:
            tokens = tokens.masked_fill(ended, end)
            ended = ended | (tokens == end)
        written.append(tokens)
        if end is not None and ended.all():
            break
    return torch.stack(written, dim=1)


def until_end(tokens: torch.Tensor, end: int) -> list[list[int]]:
    """Tokens (B, T) as lists, each cut before its first end mark."""
    rows = tokens.tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


# -- what these parts refuse: `greedy` and the beam search are asked around their lines, which are notebook 10's ------


def _asked(step, state, start, end, max_steps):
    expect.function(step, "step")
    first_tensor(state)
    expect.whole(start, "start", 0)
    if end is not None:
        expect.whole(end, "end", 0)
    expect.whole(max_steps, "max_steps", 1)


def _cutting(temperature, top_k, top_p):
    """What `filtered` cuts off."""
    expect.number(temperature, "temperature", above=0)
    if top_k is not None:
        expect.whole(top_k, "top_k", 1)
    if top_p is not None:
        expect.number(top_p, "top_p", most=1, above=0)


def _answer(logits, batch="B*", end=None):
    """Logits (B, V) with something finite to choose in each row: neither nan nor inf, and not all -inf."""
    _, size = expect.shape(logits, "the logits of a step", batch, "V", kind="float")
    if end is not None:
        expect.whole(end, "end, a token of the vocabulary,", 0, size - 1)
    if logits.device.type != "meta" and not bool(logits.amax(dim=1).isfinite().all()):
        raise ValueError("the logits of a step should be numbers to choose among, got nan, inf or nothing but -inf")


def _both(answer):
    """What a step gives: the logits and the state after it."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise ValueError(f"a step should give (logits, state), got {expect.shown(answer)}")
    return answer


def _careful(search):
    """`search` with its arguments looked at, and every answer of its step."""

    @wraps(search)
    def checked(step, state, start, end, max_steps, *args, **kwargs):
        _asked(step, state, start, expect.whole(end, "end", 0), max_steps)
        if search.__name__ == "beam_search":
            _beams(*args, **kwargs)

        def answered(tokens, state):
            logits, state = _both(step(tokens, state))
            _answer(logits, len(tokens), end)
            return logits, state

        return search(answered, state, start, end, max_steps, *args, **kwargs)

    return checked


def _beams(width=4, length_power=0.0):
    expect.whole(width, "width", 1)
    expect.number(length_power, "length_power")


def _grown(each, log_p, lengths, ended, end, length_power=0.0):
    batch, width, size = expect.shape(each, "each", "B*", "width", "V", kind="float")
    for name, part in (("log_p", log_p), ("lengths", lengths), ("ended", ended)):
        expect.shape(part, name, batch, width, kind="bool" if name == "ended" else "")
    expect.whole(end, "end", 0, size - 1)
    expect.number(length_power, "length_power")


def _rows(tokens, end):
    expect.shape(tokens, "tokens", "B*", "T*", kind="whole")
    expect.whole(end, "end")


def _first_of_equals(function):
    """Of equal scores the first beam's first token counts as the best, as argmax has it: `topk` takes any of them."""

    @wraps(function)
    def fair(each, log_p, lengths, ended, end, length_power=0.0):
        found = function(each, log_p, lengths, ended, end, length_power)
        width, size = each.shape[1:]
        only_end = torch.full_like(each, -torch.inf)
        only_end[:, :, end] = 0.0
        total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
        longer = (lengths + ~ended)[:, :, None].expand_as(total)
        scores = (total / longer**length_power).flatten(1)
        chosen = scores.gather(1, found[0] * size + found[1])
        more = (scores >= chosen[:, -1:]).sum(dim=1) > width
        if not bool(more.any() or (chosen[:, 1:] == chosen[:, :-1]).any()):
            return found
        best = scores.sort(dim=1, descending=True, stable=True).indices[:, :width]
        log_p, lengths = (part.flatten(1).gather(1, best) for part in (total, longer))
        return best // size, best % size, log_p, lengths

    return fair


greedy, beam_search = _careful(greedy), _careful(beam_search)
best_beams = expect.given(_first_of_equals(best_beams), _grown)
until_end = expect.given(until_end, _rows)

"""Other right answers to the exercises of notebook 11: a check must pass each of them."""

import numpy as np
import torch

from seqlib.exercises.inputs import softmax
from seqlib.exercises.nb11_attention import PLACES, TURNED
from seqlib.models.attention import AdditiveScore
from seqlib.models.seq2seq import AttentionDecoder


def _look_in_torch(query, keys, values):
    query, keys, values = (torch.as_tensor(np.asarray(a)) for a in (query, keys, values))
    weights = torch.softmax(torch.einsum("d,sd->s", query, keys), dim=0)
    return (weights[:, None] * values).sum(0), weights


class _QueryByQuery(AdditiveScore):
    def forward(self, queries, keys):
        k = self.W_k(keys)
        rows = [torch.tanh(k + self.W_q(queries[:, t : t + 1])) @ self.v.weight.T for t in range(queries.shape[1])]
        return torch.cat(rows, dim=2).mT


class _Expanded(AdditiveScore):
    def forward(self, queries, keys):
        shape = len(queries), queries.shape[1], keys.shape[1], -1
        q, k = self.W_q(queries).unsqueeze(2).expand(shape), self.W_k(keys).unsqueeze(1).expand(shape)
        return torch.einsum("btsh,h->bts", (q + k).tanh(), self.v.weight[0])


def _with_where(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, -1)
    hidden = torch.where(mask, scores, torch.tensor(-torch.inf, dtype=scores.dtype))
    return torch.nan_to_num(torch.softmax(hidden, -1), nan=0.0)


def _by_hand(scores, mask=None):
    mask = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    hidden = scores.masked_fill(~mask, -1e9)
    powers = (hidden - hidden.amax(-1, keepdim=True)).exp() * mask
    return powers / powers.sum(-1, keepdim=True).clamp(min=1e-9)


class _TokenByToken(AttentionDecoder):
    """All parts, but one step at a time, with einsum."""

    def forward(self, tokens, state):
        memory, mask, hidden = state
        logits, rows = [], []
        for t in range(tokens.shape[1]):
            first = tuple(part[None].contiguous() for part in hidden)
            states, last = self.recurrent(self.embedding(tokens[:, t : t + 1]), first if len(first) > 1 else first[0])
            hidden = [part[0] for part in (last if isinstance(last, tuple) else (last,))]
            scores = self.score(states, memory)[:, 0].masked_fill(~mask, -torch.inf)
            rows.append(torch.softmax(scores, dim=-1))
            context = torch.einsum("bs,bsm->bm", rows[-1], memory)
            logits.append(self.readout(torch.tanh(self.combine(torch.hstack([context, states[:, 0]])))))
        return [torch.stack(logits, 1), [memory, mask, hidden], torch.stack(rows, 1)]


def _bahdanau_einsum(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    each = torch.tanh(torch.einsum("bh,hw->bw", h_prev, W_q)[:, None] + torch.einsum("bsm,mw->bsw", memory, W_k))
    scores = torch.einsum("bsw,w->bs", each, v)
    powers = (scores - scores.max()).exp() * mask
    weights = powers / powers.sum(dim=1, keepdim=True)
    context = torch.bmm(weights[:, None], memory)[:, 0]
    return torch.tanh(torch.cat([x_t, context, h_prev], 1) @ torch.cat([W_xh, W_ch, W_hh])), weights


def _by_arrays(links, source_length):
    s, t = np.array(links).T
    return int((np.sign(s[:, None] - s) * np.sign(t[:, None] - t) < 0).sum() // 2)


def _scored_in_torch(weights, links):
    weights = torch.as_tensor(np.asarray(weights))
    gold = torch.zeros_like(weights)
    for s, t in links:
        gold[t, s] = 1
    linked = gold.sum(1) > 0
    hit = gold.gather(1, weights.argmax(1, keepdim=True))[:, 0]
    return hit[linked].mean(), (gold * weights).sum(1)[linked].mean()


def _by_jacobians(d_out, q, k, v):
    """Every row's softmax with its Jacobian written out."""
    weights = softmax(q @ k.T)
    jacobians = np.stack([np.diag(w) - np.outer(w, w) for w in weights])
    d_scores = np.einsum("tm,sm,tsr->tr", d_out, v, jacobians)
    return d_scores @ k, np.einsum("ts,td->sd", d_scores, q), np.einsum("ts,tm->sm", weights, d_out)


def _back_in_torch(d_out, q, k, v):
    d_out, q, k, v = (torch.as_tensor(np.asarray(a)) for a in (d_out, q, k, v))
    weights = (q @ k.mT).softmax(-1)
    d = d_out @ v.mT
    d_scores = weights * d - weights * (weights * d).sum(-1, keepdim=True)
    return d_scores @ k, d_scores.mT @ q, weights.mT @ d_out


ACCEPTED = {
    "11.look_up": [_look_in_torch],
    "11.AdditiveScore": [AdditiveScore, _QueryByQuery, _Expanded],
    "11.mirror": [
        lambda: np.fliplr(np.eye(PLACES)) * 25,
        lambda: -20.0 * (1 - TURNED),
        lambda: -9.0 * (np.add.outer(range(PLACES), range(PLACES)) - PLACES + 1) ** 2,
        lambda: (10 * TURNED).tolist(),
        lambda: torch.eye(PLACES).flip(0) * 8,
    ],
    "11.masked_softmax": [_with_where, _by_hand],
    "11.AttentionDecoder": [AttentionDecoder, _TokenByToken],
    "11.bahdanau_step": [_bahdanau_einsum],
    "11.crossings": [_by_arrays, lambda links, n: sum(s < a and t > b for s, t in links for a, b in links)],
    "11.alignment_score": [_scored_in_torch],
    "11.attention_backward": [_by_jacobians, _back_in_torch],
}

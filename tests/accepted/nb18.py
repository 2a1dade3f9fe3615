"""Other right answers to the exercises of notebook 18: a check must pass each of them."""

from fractions import Fraction
from math import comb

import numpy as np
import torch
from torch.nn import functional as F


def _in_fractions(right_a, right_b):
    differs = right_a != right_b
    n, a = int(np.sum(differs)), int(np.sum(right_a[differs]))
    tail = sum(Fraction(comb(n, k), 2**n) for k in range(n + 1) if abs(2 * k - n) >= abs(2 * a - n))
    return float(tail)


def _pasted_row_by_row(cut, height):
    size = int(cut.shape[2] ** 0.5)
    squares = cut.unflatten(2, (size, size)).unflatten(1, (height // size, -1))
    return torch.cat([torch.cat(list(row.unbind(1)), dim=2) for row in squares.unbind(1)], dim=1)


def _window_by_window(pictures, kernels, bias, stride):
    _, rows, columns = kernels.shape
    found = []
    for r in range((pictures.shape[1] - rows) // stride + 1):
        for c in range((pictures.shape[2] - columns) // stride + 1):
            seen = pictures[:, None, r * stride : r * stride + rows, c * stride : c * stride + columns]
            found.append((seen * kernels).sum((2, 3)) + bias)
    return torch.stack(found, 1)


def _strided(pictures, kernels, bias, stride):
    batch, height, width = pictures.shape
    count, rows, columns = kernels.shape
    down, right = (height - rows) // stride + 1, (width - columns) // stride + 1
    pictures = pictures.contiguous()
    steps = (height * width, stride * width, stride, width, 1)
    windows = pictures.as_strided((batch, down, right, rows, columns), steps)
    return torch.einsum("bdrij,kij->bdrk", windows, kernels).flatten(1, 2) + bias


def _filled(u, first, places):
    return torch.cat([(first + places[0]).repeat(len(u), 1)[:, None], u + places[1:]], 1)


def _padded(pictures, down, right):
    # A negative margin cuts off.
    return F.pad(pictures, (right, -right, down, -down))


def _rolled(pictures, down, right):
    moved = torch.roll(pictures, (down, right), (1, 2)).clone()
    if down:
        moved[:, slice(0, down) if down > 0 else slice(down, None)] = 0
    if right:
        moved[:, :, slice(0, right) if right > 0 else slice(right, None)] = 0
    return moved


def _by_einsum(places, side):
    grid = places[1:].unflatten(0, (side, side))
    lengths = grid.square().sum(-1).sqrt()
    return torch.einsum("rcd,uvd->rcuv", grid, grid) / lengths[:, :, None, None] / lengths


def _vector_by_vector(weights):
    where = torch.zeros(len(weights[0]), weights[0].shape[-1], dtype=weights[0].dtype)
    where[:, 0] = 1
    for layer in weights[::-1]:
        where = 0.5 * where + 0.5 * torch.einsum("bt,bts->bs", where, layer.mean(1))
    return where[:, 1:]


def _shuffled_by_index(pictures, order, size):
    _, height, width = pictures.shape
    places = torch.arange(height * width).reshape(height // size, size, width // size, size).transpose(1, 2)
    squares = places.reshape(-1, size, size)
    comes = torch.empty(height * width, dtype=torch.long)
    comes[squares.flatten()] = squares[order].flatten()
    return pictures.flatten(1)[:, comes].reshape(pictures.shape)


def _moved_in_place(places, order):
    moved = places.clone()
    moved[1:] = places[1 + torch.as_tensor(order)]
    return moved


ACCEPTED = {
    "18.coin_toss": [_in_fractions],
    "18.assemble": [_pasted_row_by_row],
    "18.conv_as_product": [_window_by_window, _strided],
    "18.to_tokens": [
        _filled,
        lambda u, first, places: F.pad(u, (0, 0, 1, 0)) + places + F.pad(first[None], (0, 0, 0, len(places) - 1)),
    ],
    "18.shift": [_padded, _rolled],
    "18.position_map": [
        _by_einsum,
        lambda p, side: torch.corrcoef(torch.cat([p[1:], -p[1:]], 1))[: side**2].reshape([side] * 4),
    ],
    "18.rollout": [_vector_by_vector],
    "18.shuffled": [_shuffled_by_index],
    "18.moved_places": [
        _moved_in_place,
        lambda places, order: places[torch.cat([torch.zeros(1, dtype=torch.long), torch.as_tensor(order) + 1])],
    ],
}

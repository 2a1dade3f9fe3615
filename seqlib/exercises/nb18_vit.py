"""Notebook 18: pictures as tokens, what a convolution is, what a Vision Transformer looks at, and fair differences."""

import math

import numpy as np
import torch
from torch.nn import functional as F

from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away

# What would do the work of cutting a picture up, or of convolving it.
READY_MADE = (
    "torch.nn.functional.conv2d",
    "torch.nn.Conv2d",
    "torch.nn.functional.unfold",
    "torch.nn.functional.fold",
    "torch.nn.functional.conv_transpose2d",
)


def _draw(rng, *shape):
    """Numbers of both signs that are not near zero, as a float64 tensor."""
    return torch.from_numpy(away(rng, *shape))


# -- coin_toss -------------------------------------------------------------------------------------------------------


def _two_readers(rng) -> list[Case]:
    def case(label, both, ours, theirs, neither):
        rows = [(True, True)] * both + [(True, False)] * ours + [(False, True)] * theirs + [(False, False)] * neither
        first, second = np.array(rows)[rng.permutation(len(rows))].T
        return Case(label, right_a=first.copy(), right_b=second.copy())

    few = int(rng.integers(1, 4))
    return [
        case("A is better", int(rng.integers(30, 60)), few + int(rng.integers(5, 9)), few, 4),
        case("B is better", int(rng.integers(30, 60)), few, few + int(rng.integers(4, 8)), 3),
        case("they differ on as many pictures either way", 20, few + 1, few + 1, int(rng.integers(2, 6))),
        case("only B reads any picture alone", int(rng.integers(8, 20)), 0, int(rng.integers(4, 7)), 2),
        case("they are right on the same pictures", int(rng.integers(9, 20)), 0, 0, 3),
        case("hundreds of pictures", int(rng.integers(700, 800)), int(rng.integers(300, 340)), 290, 20),
    ]


def _by_scipy(right_a, right_b):
    from scipy.stats import binomtest

    first, second = np.asarray(right_a, dtype=bool), np.asarray(right_b, dtype=bool)
    ours, both = int((first & ~second).sum()), int((first ^ second).sum())
    return binomtest(ours, both).pvalue if both else 1.0


def _coin_toss(right_a, right_b):
    ours, theirs = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n, fewer = ours + theirs, min(ours, theirs)
    heads = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * heads / 2**n)


coin_toss = Exercise(
    name="18.coin_toss",
    points=3,
    inputs=_two_readers,
    oracle=_by_scipy,
    right=_coin_toss,
    mistakes=slips(_coin_toss, {
        "all pictures count as tosses, also those that both read rightly or neither does": "n, fewer = ours + theirs → n, fewer = len(right_a)",
        "the pictures that each reader gets right are counted, not those that only one does": ("(right_a & ~right_b) → right_a", "(~right_a & right_b) → right_b"),
        "the errors of each reader are counted, not the pictures that only one reads rightly": ("(right_a & ~right_b) → (~right_b)", "(~right_a & right_b) → (~right_a)"),
        "only one side is counted: as far off in the *other* direction counts too, so twice the sum": "2 * heads → heads",
        "the sum stops before the count itself: “that few or fewer” includes it": "range(fewer + 1) → range(fewer)",
        "the chance of exactly this count, where “this few or fewer” is asked for": "sum(math.comb(n, k) for k in range(fewer + 1)) → math.comb(n, fewer)",
        "the sum runs from 1: no picture at all is one of the ways": "range(fewer + 1) → range(1, fewer + 1)",
        "the larger of the two counts is taken": "min(ours, theirs) → max(ours, theirs)",
        "it is always A's count that is summed up: where A has more, the other tail is the small one": "fewer = ours + theirs, min(ours, theirs) → fewer = ours + theirs, ours",
        "a probability above 1 comes back where the counts are equal: twice the middle is more than everything": "min(1.0, 2 * heads / 2**n) → 2 * heads / 2**n",
        "1 − p is handed back": "min(1.0, 2 * heads / 2**n) → 1 - min(1.0, 2 * heads / 2**n)",
        "the share of differing pictures that A wins is handed back, not a probability": "min(1.0, 2 * heads / 2**n) → ours / max(n, 1)",
        "a normal curve stands in for the coin (with the correction of one): few tosses need (18.1) itself": "return min(1.0, 2 * heads / 2**n) → return math.erfc(max(0, abs(ours - theirs) - 1) / math.sqrt(2 * n)) if n else 1.0",
        "a normal curve stands in for the coin: few tosses need (18.1) itself": "return min(1.0, 2 * heads / 2**n) → return math.erfc(abs(ours - theirs) / math.sqrt(2 * n)) if n else 1.0",
        "a counts all pictures on which the two differ: only those that A alone reads are its": "(right_a & ~right_b) → (right_a ^ right_b)",
    }),
    forbids=("scipy.stats.binomtest",),
    returns=("p",),
)  # fmt: skip


# -- assemble --------------------------------------------------------------------------------------------------------


def _cut_up(rng) -> list[Case]:
    def case(label, batch, height, width, size):
        count = (height // size) * (width // size)
        return Case(label, cut=_draw(rng, batch, count, size * size), height=height)

    return [
        case("3 pictures of 6×4, in patches of 2", 3, 6, 4, 2),
        case("2 pictures of 3×9, in patches of 3", 2, 3, 9, 3),
        case("1 picture of 8×12, in patches of 4", 1, 8, 12, 4),
        case("patches of a single pixel", 2, 3, 5, 1),
        case("one patch is the whole picture", 3, 3, 3, 3),
    ]


def _pasted(cut, height):
    # Patch by patch into an empty picture.
    cut = torch.as_tensor(cut)
    batch, count, pixels = cut.shape
    size = math.isqrt(pixels)
    columns = count // (height // size)
    picture = torch.zeros(batch, height, columns * size, dtype=cut.dtype)
    for n in range(count):
        top, left = n // columns * size, n % columns * size
        picture[:, top : top + size, left : left + size] = cut[:, n].reshape(batch, size, size)
    return picture


def _assemble(cut, height):
    batch, count, pixels = cut.shape
    size = round(pixels**0.5)
    rows = height // size
    grid = cut.reshape(batch, rows, count // rows, size, size)
    return grid.swapaxes(2, 3).reshape(batch, height, -1)


assemble = Exercise(
    name="18.assemble",
    points=3,
    inputs=_cut_up,
    oracle=_pasted,
    right=_assemble,
    mistakes=slips(_assemble, {
        "it is reshaped only: the pixels of a patch end up in one long strip": "grid.swapaxes(2, 3) → grid",
        "the patches are laid down column by column": "cut.reshape(batch, rows, count // rows, size, size) → cut.reshape(batch, count // rows, rows, size, size).swapaxes(1, 2)",
        "the pixels inside each patch are laid down column by column": "grid.swapaxes(2, 3) → grid.mT.swapaxes(2, 3)",
        "the columns of patches are brought to the front, not the rows of pixels": "grid.swapaxes(2, 3) → grid.swapaxes(1, 2)",
        "rows and columns of the grid are taken the wrong way round: the picture is as wide as it should be high": ("rows = height // size → rows = count // (height // size)", "reshape(batch, height, -1) → reshape(batch, rows * size, -1)"),
        "the last patch comes first": "cut.reshape(batch, rows → cut.flip(1).reshape(batch, rows",
        "patch n is laid down n pixels on, not n · size: they overwrite one another": (
            "return grid.swapaxes(2, 3).reshape(batch, height, -1) → picture = torch.zeros(batch, height, count // rows * size, dtype=cut.dtype); "
            "[picture[:, r : r + size, c : c + size].copy_(grid[:, r, c]) for r in range(rows) for c in range(count // rows)]; return picture"
        ),
        "the picture comes back transposed": "reshape(batch, height, -1) → reshape(batch, height, -1).mT",
        "each patch is laid down upside down": "grid.swapaxes(2, 3) → grid.flip(3).swapaxes(2, 3)",
        "the grid is left as it is, (B, rows, columns, size, size): the pictures have to come back": "grid.swapaxes(2, 3).reshape(batch, height, -1) → grid",
        "there is an axis of channels too many: (B, height, width) is asked for": "reshape(batch, height, -1) → reshape(batch, 1, height, -1)",
    }),
    forbids=READY_MADE,
    returns=("pictures",),
)  # fmt: skip


# -- conv_as_product -------------------------------------------------------------------------------------------------


def _convolved(rng) -> list[Case]:
    def case(label, batch, height, width, count, rows, columns, stride):
        return Case(label, pictures=_draw(rng, batch, height, width), kernels=_draw(rng, count, rows, columns),
                    bias=_draw(rng, count), stride=stride)  # fmt: skip

    return [
        case("windows that do not overlap: patches", 2, 4, 6, 5, 2, 2, 2),
        case("windows of 3×3, step by step", 3, 4, 6, 2, 3, 3, 1),
        case("windows of 3×3, two pixels on", 2, 7, 5, 4, 3, 3, 2),
        case("windows of 2×3", 1, 5, 8, 3, 2, 3, 1),
        case("a step wider than the window, which leaves pixels out", 2, 7, 10, 3, 2, 2, 3),
    ]


def _by_conv(pictures, kernels, bias, stride):
    pictures, kernels, bias = (torch.as_tensor(part) for part in (pictures, kernels, bias))
    return F.conv2d(pictures[:, None], kernels[:, None], bias, stride=stride).flatten(2).mT


def _conv_as_product(pictures, kernels, bias, stride):
    count, rows, columns = kernels.shape
    tops = range(0, pictures.shape[1] - rows + 1, stride)
    lefts = range(0, pictures.shape[2] - columns + 1, stride)
    windows = [pictures[:, r : r + rows, c : c + columns].flatten(1) for r in tops for c in lefts]
    return torch.stack(windows, dim=1) @ kernels.reshape(count, -1).T + bias


conv_as_product = Exercise(
    name="18.conv_as_product",
    points=4,
    inputs=_convolved,
    oracle=_by_conv,
    right=_conv_as_product,
    trains=True,
    mistakes=slips(_conv_as_product, {
        "the kernel is turned by half a turn: that is a mathematician's convolution; networks do not turn it": "kernels.reshape(count, -1).T → kernels.flip(1, 2).reshape(count, -1).T",
        "each kernel is transposed": "kernels.reshape(count, -1).T → kernels.mT.reshape(count, -1).T",
        "the kernels are only reshaped into columns, where a transpose is needed: their numbers get mixed": "kernels.reshape(count, -1).T → kernels.reshape(-1, count)",
        "the windows are read column by column": "for r in tops for c in lefts → for c in lefts for r in tops",
        "the stride is not used": ("rows + 1, stride) → rows + 1)", "columns + 1, stride) → columns + 1)"),
        "the last window is left out, downwards and to the right: the range ends one too early": ("[1] - rows + 1 → [1] - rows", "[2] - columns + 1 → [2] - columns"),
        "the stride is used for the rows only": "columns + 1, stride) → columns + 1)",
        "the bias is left out": " + bias →",
        "the bias is taken away": "+ bias → - bias",
        "the mean over a window is taken, where its sum is asked for": ".T + bias → .T / (rows * columns) + bias",
        "each window is centred first: its mean is taken away": "torch.stack(windows, dim=1) @ → (lambda w: w - w.mean(-1, keepdim=True))(torch.stack(windows, dim=1)) @",
    }),
    forbids=READY_MADE,
    returns=("tokens",),
)  # fmt: skip


# -- to_tokens -------------------------------------------------------------------------------------------------------


def _embedded(rng) -> list[Case]:
    def case(label, batch, count, width):
        return Case(label, u=_draw(rng, batch, count, width), first=_draw(rng, width),
                    places=_draw(rng, count + 1, width))  # fmt: skip

    return [
        case("3 pictures of 4 patches, 5 wide", 3, 4, 5),
        case("2 pictures of 6 patches, 3 wide", 2, 6, 3),
        case("a single picture", 1, 4, 7),
        case("a single patch", 2, 1, 4),
    ]


def _to_tokens(u, first, places):
    lead = first.expand(len(u), 1, -1)
    return torch.cat([lead, u], dim=1) + places


to_tokens = Exercise(
    name="18.to_tokens",
    points=3,
    inputs=_embedded,
    oracle=lambda u, first, places: torch.cat([first.repeat(u.shape[0], 1, 1), u], dim=1).add(places[None]),
    right=_to_tokens,
    trains=True,
    mistakes=slips(_to_tokens, {
        "the class token stands at the end: it is the first one": "[lead, u] → [u, lead]",
        "the class token is left out, and the patches take the first places": "torch.cat([lead, u], dim=1) + places → u + places[:-1]",
        "the class token gets no position of its own: there are N + 1": "torch.cat([lead, u], dim=1) + places → torch.cat([lead, u + places[1:]], dim=1)",
        "the positions are left out": " + places →",
        "patch n gets the position of the token before it, and the class token the last one: off by one": "+ places → + places.roll(-1, 0)",
        "the positions are multiplied, not added": "dim=1) + places → dim=1) * places",
        "the positions begin at the end": "+ places → + places.flip(0)",
        "the same position is added to every token": "+ places → + places[0]",
        "the class token is added to every patch, too": "[lead, u] → [lead, u + lead]",
        "the class token is zeros: it is learned, and handed in": "lead = first.expand → lead = 0 * first.expand",
        "the tokens are multiplied by √D first, as 14 does with words: (18.4) does not": "dim=1) + places → dim=1) * u.shape[2] ** 0.5 + places",
        "the positions are put behind the tokens: they are added": "torch.cat([lead, u], dim=1) + places → torch.cat([lead, u, places.expand(len(u), -1, -1)], dim=1)",
        "the class token is put beside each patch, along the width: it is a token more, in front": "torch.cat([lead, u], dim=1) + places → torch.cat([lead.expand(-1, u.shape[1], -1), u], dim=2)",
    }),
    returns=("tokens",),
)  # fmt: skip


# -- shift -----------------------------------------------------------------------------------------------------------


def _moves(rng) -> list[Case]:
    def case(label, down, right, batch=2, height=5, width=7):
        return Case(label, pictures=_draw(rng, batch, height, width), down=down, right=right)

    return [
        case("one down", 1, 0, 3, 4, 6),
        case("one to the left", 0, -1),
        case("one up and one to the right", -1, 1, 1, 6, 5),
        case("two down, three to the left", 2, -3),
        case("two up, one to the left", -2, -1, 2, 6, 4),
        case("not at all", 0, 0),
    ]


def _shift_by_pixels(pictures, down, right):
    pictures = torch.as_tensor(pictures)
    moved = torch.zeros_like(pictures)
    _, height, width = pictures.shape
    for r in range(height):
        for c in range(width):
            if 0 <= r - down < height and 0 <= c - right < width:
                moved[:, r, c] = pictures[:, r - down, c - right]
    return moved


def _shift(pictures, down, right):
    _, height, width = pictures.shape
    far = max(abs(down), abs(right))
    framed = F.pad(pictures, (far, far, far, far))
    top, left = far - down, far - right
    return framed[:, top : top + height, left : left + width]


shift = Exercise(
    name="18.shift",
    points=3,
    inputs=_moves,
    oracle=_shift_by_pixels,
    right=_shift,
    mistakes=slips(_shift, {
        "what leaves on one side comes in on the other, as `roll` does: zeros should come in": "F.pad(pictures, (far, far, far, far)) → pictures.repeat(1, 3, 3)[:, height - far : 2 * height + far, width - far : 2 * width + far]",
        "the direction is turned, both ways: `down` moves up, `right` to the left": "far - down, far - right → far + down, far + right",
        "`down` moves up": "far - down, far → far + down, far",
        "`right` moves to the left": "far - right → far + right",
        "rows and columns are exchanged: `down` moves to the right": "far - down, far - right → far - right, far - down",
        "the edge is repeated where zeros should come in": "F.pad(pictures, (far, far, far, far)) → F.pad(pictures[:, None], (far, far, far, far), mode='replicate')[:, 0]",
        "it moves down only: `right` is forgotten": "far - down, far - right → far - down, far",
        "it moves to the right only: `down` is forgotten": "far - down, far - right → far, far - right",
        "the picture grows by what it moves: its size should stay": "framed[:, top : top + height, left : left + width] → framed",
        "the sign of the move is lost": "far - down, far - right → far - abs(down), far - abs(right)",
        "what leaves on one side comes in on the other, and the direction is turned": ("F.pad(pictures, (far, far, far, far)) → pictures.repeat(1, 3, 3)[:, height - far : 2 * height + far, width - far : 2 * width + far]", "far - down, far - right → far + down, far + right"),
        "the edge is mirrored where zeros should come in": "F.pad(pictures, (far, far, far, far)) → F.pad(pictures[:, None], (far, far, far, far), mode='reflect')[:, 0]",
        "ones come in: zeros should": "F.pad(pictures, (far, far, far, far)) → F.pad(pictures, (far, far, far, far), value=1)",
        "it is padded on the right sides, and the wrong end is cut off: the digit is where it was": "far - down, far - right → far, far",
        "the frame on the side that it moves from stays: the picture has grown": (
            "return framed[:, top : top + height, left : left + width] → return F.pad(pictures, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))"
        ),
        "`down` and `right` are exchanged where the pictures are read: rows belong to `down`": (
            "return framed[:, top : top + height, left : left + width] → moved = torch.zeros_like(pictures)\n    moved[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = pictures[:, max(-right, 0) : height - max(right, 0), max(-down, 0) : width - max(down, 0)]\n    return moved"
        ),
        "negative numbers are not thought of: `x[:, -1:]` is the last row, and not one row up": (
            "return framed[:, top : top + height, left : left + width] → moved = torch.zeros_like(pictures)\n    moved[:, down:, right:] = pictures[:, : height - down, : width - right]\n    return moved"
        ),
        "the axes are one too early: the first is that of the pictures, and they are rolled": (
            "return framed[:, top : top + height, left : left + width] → return torch.roll(pictures, (down, right), (0, 1))"
        ),
    }),
    returns=("moved",),
)  # fmt: skip


# -- position_map ----------------------------------------------------------------------------------------------------


def _learned_places(rng) -> list[Case]:
    return [
        Case("a grid of 2×2 places, 5 wide", places=_draw(rng, 5, 5)[:, :5] * 2, side=2),
        Case("a grid of 3×3 places, 4 wide", places=_draw(rng, 10, 4) * torch.from_numpy(rng.uniform(0.2, 3, (10, 1))), side=3),
        Case("a grid of 4×4 places, 7 wide", places=_draw(rng, 17, 7) + 0.5, side=4),
    ]  # fmt: skip


def _by_pairs(places, side):
    places = torch.as_tensor(places)
    found = torch.empty((side,) * 4, dtype=places.dtype)
    for r, c, u, v in np.ndindex(*(side,) * 4):
        one, other = places[1 + side * r + c], places[1 + side * u + v]
        found[r, c, u, v] = (one * other).sum() / (one.square().sum() * other.square().sum()).sqrt()
    return found


def _position_map(places, side):
    patches = places[1:]
    directions = patches / patches.norm(dim=1, keepdim=True)
    return (directions @ directions.T).reshape(side, side, side, side)


position_map = Exercise(
    name="18.position_map",
    points=2,
    inputs=_learned_places,
    oracle=_by_pairs,
    right=_position_map,
    mistakes=slips(_position_map, {
        "dot products, where cosines are asked for: divide by the lengths": "patches / patches.norm(dim=1, keepdim=True) → patches",
        "the class token's position is taken for the first patch's: leave row 0 out": "places[1:] → places[:-1]",
        "it is divided by the length of the columns, not of the rows": "patches.norm(dim=1, keepdim=True) → patches.norm(dim=0, keepdim=True)",
        "it is divided by the squared lengths": "patches.norm(dim=1, keepdim=True) → patches.square().sum(dim=1, keepdim=True)",
        "it is divided by one length only: both vectors have one": "(directions @ directions.T) → (directions @ patches.T)",
        "each place's mean is taken away first: that is a correlation": "patches = places[1:] → patches = places[1:] - places[1:].mean(dim=1, keepdim=True)",
        "the mean of all places is taken away first, which nobody asked for": "patches = places[1:] → patches = places[1:] - places[1:].mean(dim=0)",
        "distances are handed back, not cosines": "(directions @ directions.T) → torch.cdist(directions, directions)",
        "it is divided by the sum of sizes, not by the length: the root of the sum of squares": "patches.norm(dim=1, keepdim=True) → patches.abs().sum(dim=1, keepdim=True)",
        "scores of attention, divided by √D: divide by the two lengths": "(directions @ directions.T) → (patches @ patches.T / patches.shape[1] ** 0.5)",
        "a softmax makes shares of them: cosines are asked for": "(directions @ directions.T) → (patches @ patches.T).softmax(dim=-1)",
        "a softmax over cosines: cosines are asked for": "(directions @ directions.T) → (directions @ directions.T).softmax(dim=-1)",
        "the class token's row is kept, and the matrix handed back as it is": ("patches = places[1:] → patches = places", ".reshape(side, side, side, side) →"),
        "rows and columns of the grid change places on one side": "reshape(side, side, side, side) → reshape(side, side, side, side).swapaxes(2, 3)",
        "the matrix (N, N) comes back: two axes for each place are asked for": ".reshape(side, side, side, side) →",
    }),
    forbids=("torch.nn.functional.cosine_similarity", "torch.nn.functional.normalize"),
    returns=("map",),
)  # fmt: skip


# -- rollout ---------------------------------------------------------------------------------------------------------


def _attended(rng) -> list[Case]:
    def case(label, layers, batch, heads, tokens):
        drawn = [torch.from_numpy(rng.dirichlet(np.full(tokens, 0.4), (batch, heads, tokens))) for _ in range(layers)]
        return Case(label, weights=drawn)

    return [
        case("2 layers of 3 heads, 5 tokens", 2, 2, 3, 5),
        case("3 layers of 2 heads, 4 tokens", 3, 1, 2, 4),
        case("a single layer", 1, 3, 2, 5),
        case("4 layers of one head", 4, 2, 1, 3),
    ]


def _followed(weights):
    # By walking: where is somebody who starts at the class token, stays with one half and else goes where it looks?
    heads = [torch.as_tensor(layer) for layer in weights]
    where = torch.zeros_like(heads[0][:, 0, 0])
    where[:, 0] = 1
    for layer in reversed(heads):
        went = torch.einsum("bt,bats->bs", where, layer) / layer.shape[1]
        where = (where + went) / 2
    return where[:, 1:]


def _rollout(weights):
    tokens = weights[0].shape[-1]
    total = torch.eye(tokens, dtype=weights[0].dtype)
    for layer in weights:
        step = (layer.mean(dim=1) + torch.eye(tokens, dtype=layer.dtype)) / 2
        total = step @ total
    return total[:, 0, 1:]


rollout = Exercise(
    name="18.rollout",
    points=4,
    inputs=_attended,
    oracle=_followed,
    right=_rollout,
    mistakes=slips(_rollout, {
        "the layers are multiplied in the wrong order: the later one stands on the left": "step @ total → total @ step",
        "the residual path is forgotten: each token also keeps itself": "(layer.mean(dim=1) + torch.eye(tokens, dtype=layer.dtype)) / 2 → layer.mean(dim=1)",
        "the residual path is added, but the sum not halved: rows no longer sum to one": ", dtype=layer.dtype)) / 2 → , dtype=layer.dtype))",
        "the heads are added up, where their mean is asked for": "layer.mean(dim=1) → layer.sum(dim=1)",
        "the strongest head is taken, where the mean over heads is asked for": "layer.mean(dim=1) → layer.amax(dim=1)",
        "only the first head is used": "layer.mean(dim=1) → layer[:, 0]",
        "only the last layer is used": "step @ total → step",
        "only the first layer is used": "for layer in weights → for layer in weights[:1]",
        "the layers are added up, where they follow one another: multiply": ("step @ total → step + total", "torch.eye(tokens, dtype=weights[0].dtype) → 0"),
        "it is read the wrong way: how much each patch looks at the class token": "total[:, 0, 1:] → total[:, 1:, 0]",
        "the last token is asked, not the class token": "total[:, 0, 1:] → total[:, -1, 1:]",
        "the class token is taken to be the last: it is the first": "total[:, 0, 1:] → total[:, -1, :-1]",
        "only the last layer's heads are read, without the residual": ("(layer.mean(dim=1) + torch.eye(tokens, dtype=layer.dtype)) / 2 → layer.mean(dim=1)", "step @ total → step"),
        "only the first layer's heads are read, without the residual": ("(layer.mean(dim=1) + torch.eye(tokens, dtype=layer.dtype)) / 2 → layer.mean(dim=1)", "for layer in weights → for layer in weights[:1]"),
        "the class token's own share is among the patches: N are asked for": "total[:, 0, 1:] → total[:, 0]",
        "the patches' shares are scaled up so that they sum to one: leave them as they are": "return total[:, 0, 1:] → total = total[:, 0, 1:]; return total / total.sum(dim=1, keepdim=True)",
        "every token is asked, and their mean taken: the class token alone is": "total[:, 0, 1:] → total.mean(dim=1)[:, 1:]",
    }),
    returns=("shares",),
)  # fmt: skip


# -- shuffled --------------------------------------------------------------------------------------------------------


def _to_shuffle(rng) -> list[Case]:
    def case(label, batch, height, width, size, order=None):
        count = (height // size) * (width // size)
        order = rng.permutation(count) if order is None else order
        while count > 2 and np.array_equal(
            order[order], np.arange(count)
        ):  # its own inverse: it hides a wrong way round
            order = rng.permutation(count)
        return Case(label, pictures=_draw(rng, batch, height, width), order=torch.from_numpy(order), size=size)

    return [
        case("2 pictures of 4×6, patches of 2", 2, 4, 6, 2),
        case("3 pictures of 9×6, patches of 3", 3, 9, 6, 3),
        case("each patch takes the place of the one before", 2, 6, 4, 2, np.roll(np.arange(6), -1)),
        case("single pixels", 1, 3, 4, 1),
    ]


def _shuffled_by_place(pictures, order, size):
    pictures = torch.as_tensor(pictures)
    columns, moved = pictures.shape[2] // size, torch.empty_like(pictures)

    def square(n):
        top, left = n // columns * size, n % columns * size
        return slice(None), slice(top, top + size), slice(left, left + size)

    for place, comes in enumerate(order):
        moved[square(place)] = pictures[square(int(comes))]
    return moved


def _shuffled(pictures, order, size):
    batch, height, width = pictures.shape
    grid = pictures.reshape(batch, height // size, size, width // size, size).swapaxes(2, 3)
    cut = grid.flatten(1, 2)[:, order]
    return cut.reshape(grid.shape).swapaxes(2, 3).reshape(batch, height, width)


shuffled = Exercise(
    name="18.shuffled",
    points=3,
    inputs=_to_shuffle,
    oracle=_shuffled_by_place,
    right=_shuffled,
    mistakes=slips(_shuffled, {
        "it goes the other way: the patch order[n] should come *to* place n": "[:, order] → [:, order.argsort()]",
        "the pictures are shuffled, each patch stays": "grid.flatten(1, 2)[:, order] → grid.flatten(1, 2)[torch.arange(batch).roll(1)]",
        "each picture gets an order of its own: all should get the same": "grid.flatten(1, 2)[:, order] → torch.stack([part[order.roll(k)] for k, part in enumerate(grid.flatten(1, 2))])",
        "the pixels inside the patches are shuffled along": "[:, order] → [:, order].flip(-1)",
        "nothing is shuffled": "[:, order] →",
        "the patches come back in reverse": "[:, order] → [:, order.flip(0)]",
        "patches are put back column by column": "cut.reshape(grid.shape).swapaxes(2, 3) → cut.reshape(batch, width // size, height // size, size, size).permute(0, 2, 3, 1, 4)",
        "they are not put back: the patches stand in a row, as `patches` gives them": "cut.reshape(grid.shape).swapaxes(2, 3).reshape(batch, height, width) → cut.flatten(2)",
        "they are put back by a reshape alone, which tears each patch into strips": ".swapaxes(2, 3).reshape(batch, height, width) → .reshape(batch, height, width)",
        "it is shuffled twice": "[:, order] → [:, order][:, order]",
    }),
    returns=("pictures",),
)  # fmt: skip


# -- moved_places ----------------------------------------------------------------------------------------------------


def _to_move(rng) -> list[Case]:
    def order(count):
        drawn = rng.permutation(count)
        while count > 2 and np.array_equal(drawn[drawn], np.arange(count)):
            drawn = rng.permutation(count)
        return torch.from_numpy(drawn)

    return [
        Case("4 patches, 3 wide", places=_draw(rng, 5, 3), order=order(4)),
        Case("9 patches, 5 wide", places=_draw(rng, 10, 5), order=order(9)),
        Case("each place takes the patch after it", places=_draw(rng, 7, 4), order=torch.arange(6).roll(-1)),
    ]


def _by_place(places, order):
    places = torch.as_tensor(places)
    moved = places.clone()
    for place, comes in enumerate(order):
        moved[1 + place] = places[1 + int(comes)]
    return moved


def _moved_places(places, order):
    return torch.cat([places[:1], places[1:][order]])


moved_places = Exercise(
    name="18.moved_places",
    points=2,
    inputs=_to_move,
    oracle=_by_place,
    right=_moved_places,
    mistakes=slips(_moved_places, {
        "it goes the other way: place n now holds the patch order[n], so it needs the position of order[n]": "places[1:][order] → places[1:][order.argsort()]",
        "the class token's position is moved along: row 0 stays": "torch.cat([places[:1], places[1:][order]]) → places[torch.cat([order, order.new_tensor([len(order)])])]",
        "the order is not moved up by one: it counts patches, and row 0 is the class token's": "places[1:][order] → places[order]",
        "the class token's position is lost": "torch.cat([places[:1], places[1:][order]]) → places[1:][order]",
        "the class token's position comes last": "[places[:1], places[1:][order]] → [places[1:][order], places[:1]]",
        "the rows are written over one after another, and read again after they were": (
            "return torch.cat([places[:1], places[1:][order]]) → moved = places.clone(); [moved[1 + n].copy_(moved[1 + int(m)]) for n, m in enumerate(order)]; return moved"
        ),
        "rows are swapped in pairs: each place takes one, and gives none": (
            "return torch.cat([places[:1], places[1:][order]]) → moved = places.clone(); [(moved[1 + n].copy_(places[1 + int(m)]), moved[1 + int(m)].copy_(places[1 + n])) for n, m in enumerate(order)]; return moved"
        ),
        "nothing moves": "places[1:][order] → places[1:]",
        "it is moved twice": "places[1:][order] → places[1:][order][order]",
        "the positions come back in reverse": "places[1:][order] → places[1:][order.flip(0)]",
    }),
    returns=("places",),
)  # fmt: skip

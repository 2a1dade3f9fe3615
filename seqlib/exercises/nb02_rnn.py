"""Notebook 02: the recurrent network, from a scalar by hand to a trained one."""

import numpy as np
import torch

from seqlib.checks.compare import as_array
from seqlib.checks.exercise import Case, Exercise
from seqlib.checks.slips import slips
from seqlib.exercises.inputs import away, sigmoid, softmax, tensors, weights

# What would do the work of writing a recurrent layer.
READY_MADE = ("torch.nn.RNN", "torch.nn.RNNCell", "torch.rnn_tanh", "torch.rnn_tanh_cell")


def _step_slips(x: str, h: str) -> dict[str, str]:
    """Slips of np.tanh(x + h @ W_hh + b_h), whatever stands in the places of x and h."""
    return {
        "the recurrent weight is transposed: `W_hh.T` stands where `W_hh` belongs": f"{h} @ W_hh → {h} @ W_hh.T",
        "the bias is left out": "W_hh + b_h → W_hh",
        "the bias is added twice, where one belongs": "W_hh + b_h → W_hh + 2 * b_h",
        "the bias is added outside of tanh": "W_hh + b_h) → W_hh) + b_h",
        "tanh is left out, and the network is linear": f"np.tanh({x} → ({x}",
        "ReLU stands in the place of tanh": f"np.tanh({x} → np.maximum(0, {x}",
        "a sigmoid stands in the place of tanh": f"np.tanh({x} → sigmoid({x}",
        "tanh is taken of the input's part alone, and the old state added outside": (
            f"{x} + {h} @ W_hh + b_h) → {x} + b_h) + {h} @ W_hh"
        ),
        "tanh is taken of the input's part alone, and the old state's and the bias are added outside": (
            f"{x} + {h} @ W_hh + b_h) → {x}) + {h} @ W_hh + b_h"
        ),
        "tanh is taken of the input's part and of the old state's by themselves, and both are added": (
            f"{x} + {h} @ W_hh → {x}) + np.tanh({h} @ W_hh"
        ),
        "tanh is taken of the input's part with the bias and of the old state's by themselves, and both are added": (
            f"{x} + {h} @ W_hh + b_h) → {x} + b_h) + np.tanh({h} @ W_hh)"
        ),
        "tanh is taken of the input's part and of the old state's by themselves, and both and the bias are added": (
            f"{x} + {h} @ W_hh + b_h) → {x}) + np.tanh({h} @ W_hh) + b_h"
        ),
        "tanh is taken of the old state's part alone, and the input's added outside": f"np.tanh({x} + {h} → {x} + np.tanh({h}",
        "the old state is added as it is, without `W_hh`": f"{h} @ W_hh → {h}",
        "the old state is added once more, outside of tanh": f"np.tanh({x} → {h} + np.tanh({x}",
        "the input's part is left out: the network does not read": f"{x} + {h} @ → {h} @",
    }


# -- scalar_trace ----------------------------------------------------------------------------------------------------


def _numbers(rng) -> list[Case]:
    w_h, w_x = float(rng.uniform(0.8, 0.95)), float(rng.uniform(0.2, 0.4))
    return [
        Case("five words as 1 to 5, both weights 0.5", x=np.arange(1.0, 6.0), w_h=0.5, w_x=0.5),
        Case("six numbers, two different weights", x=away(rng, 6), w_h=w_h, w_x=w_x),
        Case("a negative weight on the state", x=away(rng, 4), w_h=-0.7, w_x=float(rng.uniform(1.2, 1.6))),
        Case("whole numbers, whose states are none", x=rng.integers(1, 9, 5), w_h=w_h, w_x=0.31),
        Case("one number only", x=away(rng, 1), w_h=0.6, w_x=0.3),
    ]


def _unrolled_sum(x, w_h, w_x):
    # The recurrence solved: h_t is the sum over k <= t of w_h^(t-k) w_x x_k, a triangle of powers.
    lag = np.subtract.outer(np.arange(len(x)), np.arange(len(x)))
    return np.where(lag >= 0, float(w_h) ** np.maximum(lag, 0), 0.0) @ (w_x * np.asarray(x, dtype=float))


def _scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for x_t in x:
        h = w_h * h + w_x * x_t
        states.append(h)
    return states


scalar_trace = Exercise(
    name="02.scalar_trace",
    points=2,
    inputs=_numbers,
    oracle=_unrolled_sum,
    stand_in=lambda x, w_h, w_x: list(_unrolled_sum(x, w_h, w_x)),
    right=_scalar_trace,
    mistakes=slips(
        _scalar_trace,
        {
            "the state is reset at every step, so that nothing of the earlier words is left": "w_h * h + w_x → w_x",
            "inputs and states are kept as whole numbers: what follows the point is cut off at every step": (
                "w_h * h + w_x * x_t → int(w_h * h + w_x * int(x_t))"
            ),
            "the two weights change places": "w_h * h + w_x * x_t → w_x * h + w_h * x_t",
            "the last input is carried on in place of the last state": "states.append(h) → states.append(h); h = x_t",
            "the old state is kept whole: the weight `w_h` is left out": "w_h * h → h",
            "the new input is taken whole: the weight `w_x` is left out": "w_x * x_t → x_t",
            "the new input is faded too: `w_h` multiplies the whole sum": "w_h * h + w_x * x_t → w_h * (h + w_x * x_t)",
            "the new input is weighted with 1 − `w_h`, where `w_x` belongs": "w_x * x_t → (1 - w_h) * x_t",
            "the new input is taken away, not added": "+ w_x → - w_x",
            "the first state is set to the first input, instead of one step from $h_0 = 0$": (
                "h, states = 0.0, [] → h, states = x[0], [x[0]]",
                "in x: → in x[1:]:",
            ),
            "reading begins from the first input as the state, instead of $h_0 = 0$": "states = 0.0 → states = x[0]",
            "reading begins from $h_0 = 1$, where it is 0": "states = 0.0 → states = 1.0",
            "$h_0 = 0$ is handed back too, so that there is one state too many": "0.0, [] → 0.0, [0.0]",
            "the states are one step late: $h_0$ stands first and the last state is missing": (
                "0.0, [] → 0.0, [0.0]",
                "return states → return states[:-1]",
            ),
            "only the last state is handed back, not all of them": "return states → return h",
            "the words are read from the last to the first": "in x: → in x[::-1]:",
            "the state is carried as a whole number: what follows the point is cut off at each step": (
                "h = w_h * h + w_x * x_t → h = int(w_h * h + w_x * x_t)"
            ),
            "the states are rounded on the way": "w_h * h + w_x * x_t → np.round(w_h * h + w_x * x_t, 2)",
            "tanh is taken of the state, which (2.1) does not have": "w_h * h + w_x * x_t → np.tanh(w_h * h + w_x * x_t)",
            "the states are kept as whole numbers where the inputs are: what follows the point is cut off": (
                "return states → return np.array(states).astype(np.asarray(x).dtype)"
            ),
        },
    ),
    returns=("states",),
)


# -- rnn_step --------------------------------------------------------------------------------------------------------


def _cell_weights(rng, inputs, hidden) -> dict:
    return {
        "W_xh": weights(rng, inputs, hidden),
        "W_hh": weights(rng, hidden, hidden),
        "b_h": away(rng, hidden) * 0.5,
    }


def _steps(rng) -> list[Case]:
    def case(label, batch, inputs, hidden, state=0.7):
        x_t, h_prev = away(rng, batch, inputs), away(rng, batch, hidden) * state
        return Case(label, x_t=x_t, h_prev=h_prev, **_cell_weights(rng, inputs, hidden))

    return [
        case("a batch of 3, more hidden units than inputs", 3, 4, 5),
        case("a batch of 1, fewer hidden units than inputs", 1, 6, 2),
        case("the first step: h_prev is zero", 2, 3, 6, state=0.0),
        case("as many hidden units as inputs, so that a transposed weight fits", 2, 4, 4),
        case("as many sequences as hidden units and inputs, so that a wrong order fits", 3, 3, 3),
    ]


def _with_weights(layer, W_xh, W_hh, b_h):
    """PyTorch's cell or layer with our weights in it; its second bias is zero."""
    with torch.no_grad():
        for own, given in zip(layer.parameters(), (W_xh.T, W_hh.T, b_h, torch.zeros_like(b_h)), strict=True):
            own.copy_(given)
    return layer


def _torch_cell(x_t, h_prev, W_xh, W_hh, b_h):
    x_t, h_prev, W_xh, W_hh, b_h = tensors(x_t, h_prev, W_xh, W_hh, b_h)
    cell = _with_weights(torch.nn.RNNCell(*W_xh.shape, dtype=torch.float64), W_xh, W_hh, b_h)
    return cell(x_t, h_prev).detach().numpy()


def _rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)


rnn_step = Exercise(
    name="02.rnn_step",
    points=3,
    inputs=_steps,
    oracle=_torch_cell,
    right=_rnn_step,
    mistakes=slips(
        _rnn_step,
        _step_slips("x_t @ W_xh", "h_prev")
        | {
            "the state is reset: `h_prev` does not enter": "+ h_prev @ W_hh + → +",
            "the input weight is transposed: `W_xh.T` stands where `W_xh` belongs": "W_xh + → W_xh.T +",
            "the weights are used as papers write them, `W_hh.T` and `W_xh.T` on row vectors": (
                "W_xh + → W_xh.T +",
                "W_hh + → W_hh.T +",
            ),
            "the weights stand on the left, as papers write them for columns; here a row stands for each sequence": (
                "x_t @ W_xh + h_prev @ W_hh → W_xh @ x_t + W_hh @ h_prev"
            ),
            "the bias is taken away, not added": "+ b_h → - b_h",
            "the input's part and the old state's are multiplied, not added": "W_xh + h_prev → W_xh * (h_prev)",
        },
        sigmoid=sigmoid,
    ),
    forbids=READY_MADE,
    returns=("h_t",),
)


# -- rnn_forward -----------------------------------------------------------------------------------------------------


def _sequences(rng) -> list[Case]:
    def case(label, batch, steps, inputs, hidden, state=0.7):
        x, h_0 = away(rng, batch, steps, inputs), away(rng, batch, hidden) * state
        return Case(label, x=x, h_0=h_0, **_cell_weights(rng, inputs, hidden))

    return [
        case("2 sequences of 5 steps", 2, 5, 3, 4),
        case("4 sequences of a single step", 4, 1, 3, 2),
        case("1 sequence of 7 steps from a state of zeros", 1, 7, 2, 5, state=0.0),
        case("3 sequences of 3 steps, so that a loop over the wrong axis fits", 3, 3, 2, 6),
        case("4 sequences of 4 steps, as many units as inputs", 4, 4, 3, 3),
    ]


def _torch_rnn(x, h_0, W_xh, W_hh, b_h):
    x, h_0, W_xh, W_hh, b_h = tensors(x, h_0, W_xh, W_hh, b_h)
    layer = _with_weights(torch.nn.RNN(*W_xh.shape, batch_first=True, dtype=torch.float64), W_xh, W_hh, b_h)
    states, last = layer(x, h_0[None])
    return states.detach().numpy(), last[0].detach().numpy()


def _rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states, axis=1), h


rnn_forward = Exercise(
    name="02.rnn_forward",
    points=4,
    inputs=_sequences,
    oracle=_torch_rnn,
    right=_rnn_forward,
    mistakes=slips(
        _rnn_forward,
        _step_slips("x[:, t] @ W_xh", "h")
        | {
            "the state is reset at every step: each begins again from `h_0`": "h @ W_hh → h_0 @ W_hh",
            "the state does not enter: each step sees its own input alone": "+ h @ W_hh + → +",
            "the initial state is ignored: reading begins from zeros": "h, states = h_0 → h, states = np.zeros_like(h_0)",
            "every step reads the first input": "x[:, t] → x[:, 0]",
            "the steps are read from the last to the first": (
                "in range( → in reversed(range(",
                ".shape[1]): → .shape[1])):",
                "np.stack(states → np.stack(states[::-1]",
            ),
            "the input is cut anew into (T, B, D), not turned: `reshape` mixes the sequences of the batch": (
                "x[:, t] → x.reshape(x.shape[1], len(x), -1)[t]"
            ),
            "the states are stacked along the first axis: (T, B, H), where (B, T, H) belongs": "axis=1 → axis=0",
            "the states stand one behind the other in the last axis: (B, T · H), where (B, T, H) belongs": (
                "np.stack( → np.concatenate("
            ),
            "the loop runs over the sequences of the batch, not over the steps of time": (
                "range(x.shape[1]) → range(x.shape[0])",
                "x[:, t] → x[t]",
            ),
            "as many steps are made as there are sequences, not as there are inputs in each": (
                "range(x.shape[1]) → range(min(len(x), x.shape[1]))"
            ),
            "the last step is not made": "range(x.shape[1]) → range(max(1, x.shape[1] - 1))",
            "the states are one step late: `h_0` stands first and the last state is missing": (
                "h_0, [] → h_0, [h_0]",
                "np.stack(states, → np.stack(states[:-1],",
            ),
            "`h_0` stands among the states: there are T + 1, where T belong": "h_0, [] → h_0, [h_0]",
            "the sequence is read from its end to its beginning": "range(x.shape[1]) → reversed(range(x.shape[1]))",
            "the states stand in the order from the last to the first": "np.stack(states → np.stack(states[::-1]",
            "the state after the first step is handed back as the last one": "axis=1), h → axis=1), states[0]",
            "the initial state is handed back as the last one": "axis=1), h → axis=1), h_0",
            "the last sequence's states are handed back as the last state": "axis=1), h → axis=1), np.stack(states, 1)[-1]",
            "only the states are handed back, without the last one beside them": "axis=1), h → axis=1)",
            "only the last state is handed back, without the others": "return np.stack(states, axis=1), h → return h",
        },
        sigmoid=sigmoid,
    ),
    forbids=READY_MADE,
    returns=("states", "h_T"),
)


# -- count_parameters ------------------------------------------------------------------------------------------------


def _sizes(rng) -> list[Case]:
    def draw(low, high):
        return int(rng.integers(low, high))

    def case(label, inputs, hidden, outputs, steps):
        return Case(label, input_size=inputs, hidden_size=hidden, output_size=outputs, steps=steps)

    return [
        case("6 letters, 4 hidden units, 3 classes, 7 steps", 6, 4, 3, 7),
        case("sizes drawn at random", draw(20, 30), draw(31, 49), draw(3, 9), draw(10, 18)),
        case("more classes than hidden units", draw(5, 9), draw(10, 19), draw(20, 30), draw(3, 7)),
        case("the same for a text of one step", draw(50, 90), draw(100, 190), draw(20, 30), 1),
    ]


def _allocated(input_size, hidden_size, output_size, steps):
    # Count what PyTorch allocates; its second bias is one too many.
    with torch.device("meta"):
        parts = torch.nn.RNN(input_size, hidden_size), torch.nn.Linear(hidden_size, output_size)
    return sum(p.numel() for part in parts for p in part.parameters()) - parts[0].bias_hh_l0.numel()


def _count_parameters(input_size, hidden_size, output_size, steps):
    W_xh, W_hh, b_h = input_size * hidden_size, hidden_size * hidden_size, hidden_size
    W_hy, b_y = hidden_size * output_size, output_size
    return W_xh + W_hh + b_h + W_hy + b_y


count_parameters = Exercise(
    name="02.count_parameters",
    points=2,
    inputs=_sizes,
    oracle=_allocated,
    right=_count_parameters,
    mistakes=slips(
        _count_parameters,
        {
            "the layer's weights are counted once for each step, though every step uses the same ones": (
                "W_xh + W_hh + b_h + → steps * (W_xh + W_hh + b_h) +"
            ),
            "everything is counted once for each step, though every step uses the same weights": (
                "return W_xh + W_hh + b_h + W_hy + b_y → return steps * (W_xh + W_hh + b_h + W_hy + b_y)"
            ),
            "the readout is counted once for each step, though every step uses the same one": (
                "W_hy + b_y → steps * (W_hy + b_y)"
            ),
            "`W_xh` is counted once for each step, though every step uses the same one": "W_xh + W_hh → steps * W_xh + W_hh",
            "H too many are counted: the layer has one bias, and its initial state is not trained": "W_hh + b_h → W_hh + 2 * b_h",
            "both biases are left out": ("+ b_h + W_hy + b_y → + W_hy",),
            "the recurrent layer's bias is left out": "+ b_h + W_hy → + W_hy",
            "the readout's bias is left out": "W_hy + b_y → W_hy",
            "the readout's bias is counted with H numbers: it has one for each class": "hidden_size * output_size, output → hidden_size * output_size, hidden",
            "the recurrent weights `W_hh` are left out": "W_xh + W_hh + → W_xh +",
            "the input weights `W_xh` are left out": "return W_xh + → return",
            "the readout is left out": "+ W_hy + b_y →",
            "`W_hh` is counted as H weights instead of H · H: each unit listens to all of them": "hidden_size * hidden_size, → hidden_size,",
            "`W_hh` is counted as 2 · H weights instead of H · H": "hidden_size * hidden_size, → 2 * hidden_size,",
            "the layer's weights are counted as a square of (D + H): it has H units, each with D + H weights": (
                "return W_xh + W_hh → return (input_size + hidden_size) ** 2"
            ),
            "the readout is taken to read the inputs, not the states": "= hidden_size * output_size → = input_size * output_size",
            "the states are counted too: they are computed, not trained": "W_hy + b_y → W_hy + b_y + steps * hidden_size",
            "the readout is taken to read the inputs too": "= hidden_size * output_size → = (input_size + hidden_size) * output_size",
            "the readout is taken to read the states of all steps at once": "= hidden_size * output_size → = steps * hidden_size * output_size",
        },
    ),
)


# -- readout ---------------------------------------------------------------------------------------------------------


def _readouts(rng) -> list[Case]:
    def case(label, lead, hidden, classes):
        return Case(label, h=away(rng, *lead, hidden), W_hy=away(rng, hidden, classes), b_y=away(rng, classes))

    # Scores so large that exp gives infinity or zero: in one class, in one row of the batch, above the others' mean.
    high, apart, alone = (
        case("scores near 1000, but for one class at −1000", (2,), 3, 4),
        case("a row near 1000, one near −1000", (2,), 3, 5),
        case("two classes near 1000 among small ones", (3,), 2, 9),
    )
    high.named["b_y"] += [1000, 1000, -1000, 1000]
    apart.named["h"][:, 0] = [1, -1]
    apart.named["W_hy"][0] += 1000
    alone.named["b_y"][[2, 5]] += 1000
    return [
        case("many to one: a state for each of 3 sequences", (3,), 4, 5),
        case("many to many: a state for each of 3 steps of 2 sequences", (2, 3), 4, 6),
        high,
        apart,
        alone,
    ]


def _torch_softmax(h, W_hy, b_y):
    h, W_hy, b_y = tensors(h, W_hy, b_y)
    return torch.softmax(torch.nn.functional.linear(h, W_hy.T, b_y), dim=-1).numpy()


def _readout(h, W_hy, b_y):
    scores = h @ W_hy + b_y
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


SHARE = "powers / powers.sum(axis=-1, keepdims=True)"
LARGEST = "scores.max(axis=-1, keepdims=True)"

readout = Exercise(
    name="02.readout",
    points=3,
    inputs=_readouts,
    oracle=_torch_softmax,
    right=_readout,
    mistakes=slips(
        _readout,
        {
            "the scores are handed back as they are, without softmax": f"{SHARE} → scores",
            "the exponential of a score near 1000 overflows: nothing is subtracted before `exp`": f"scores - {LARGEST} → scores",
            "the exponential overflows, and the NaN that comes of it is replaced by 0": (
                f"scores - {LARGEST} → scores",
                f"{SHARE} → np.nan_to_num({SHARE}, nan=0.0)",
            ),
            "the exponential overflows, and the NaN that comes of it is replaced by 1": (
                f"scores - {LARGEST} → scores",
                f"{SHARE} → np.nan_to_num({SHARE}, nan=1.0)",
            ),
            "the mean of the scores is subtracted, not the largest: one far above it still overflows": f"{LARGEST} → scores.mean(axis=-1, keepdims=True)",
            "the smallest score is subtracted, not the largest: the others still overflow": f"{LARGEST} → scores.min(axis=-1, keepdims=True)",
            "the largest score of the whole batch is subtracted: a row far below it becomes 0 / 0": f"{LARGEST} → scores.max()",
            "scores are cut off before `exp`: those beyond the limit become equal": f"scores - {LARGEST} → np.clip(scores, -700, 700)",
            "softmax runs over the first axis, so that the sequences of a batch compete": (
                "max(axis=-1 → max(axis=0",
                "sum(axis=-1 → sum(axis=0",
            ),
            "softmax runs over axis 1, which is time where there is a time axis": (
                "max(axis=-1 → max(axis=1",
                "sum(axis=-1 → sum(axis=1",
            ),
            "the probabilities of the whole batch together sum to one, not those of each state": (
                f"{LARGEST} → scores.max()",
                "powers.sum(axis=-1, keepdims=True) → powers.sum()",
            ),
            "the scores are divided by the largest, where it should be subtracted": f"scores - {LARGEST} → scores / {LARGEST}",
            "the readout's bias is left out": "+ b_y →",
            "the readout's bias is added to the probabilities, not to the scores": (
                " + b_y →",
                "return powers → return b_y + powers",
            ),
            "the sign of the scores is turned: the least likely class gets the most": "h @ W_hy + b_y → -(h @ W_hy + b_y)",
            "the logarithm of the probabilities is handed back": f"{SHARE} → np.log({SHARE})",
            "the class is handed back, not the probabilities": f"{SHARE} → scores.argmax(axis=-1)",
            "the powers are not divided by their sum": f"{SHARE} → powers",
            "each score goes through a sigmoid by itself, so that the classes do not sum to one": f"{SHARE} → sigmoid(scores)",
            "the scores are divided by their sum, without the exponential": f"{SHARE} → scores / scores.sum(axis=-1, keepdims=True)",
        },
        sigmoid=sigmoid,
    ),
    returns=("probabilities",),
)


# -- last_real_state -------------------------------------------------------------------------------------------------


def _padded(rng) -> list[Case]:
    return [
        Case("4 sequences, the longest fills all 6 steps", states=away(rng, 4, 6, 3), lengths=np.array([2, 6, 1, 4])),
        Case("3 sequences, all with padding", states=away(rng, 3, 7, 2), lengths=rng.permutation([2, 4, 5])),
        Case("2 sequences of full length", states=away(rng, 2, 3, 4), lengths=np.array([3, 3])),
        Case("5 sequences, as many as steps", states=away(rng, 5, 5, 3), lengths=rng.permutation([1, 2, 3, 3, 4])),
        Case("one sequence of a single token", states=away(rng, 1, 4, 5), lengths=np.array([1])),
    ]


def _gathered(states, lengths):
    states, last = torch.as_tensor(states), torch.as_tensor(lengths) - 1
    found = states.gather(1, last.long()[:, None, None].expand(-1, 1, states.shape[2]))[:, 0]
    return found.numpy() if found.grad_fn is None else found


def _last_real_state(states, lengths):
    return states[np.arange(len(states)), lengths - 1]


PICKED = "states[np.arange(len(states)), lengths - 1]"

last_real_state = Exercise(
    name="02.last_real_state",
    points=3,
    inputs=_padded,
    oracle=_gathered,
    right=_last_real_state,
    mistakes=slips(
        _last_real_state,
        {
            "the last step is read, padded or not: the state has gone on over the padding": f"{PICKED} → states[:, -1]",
            "the index is one too large: the state after `lengths` steps is at `lengths - 1`": " - 1 →",
            "the index is one too large, and is stopped at the end: counting starts at 0": (
                "lengths - 1 → np.minimum(lengths, states.shape[1] - 1)"
            ),
            "the index is one too small: the last real token is not in the state yet": "lengths - 1 → lengths - 2",
            "the index is one too small, and is stopped at the beginning": "lengths - 1 → np.maximum(lengths - 2, 0)",
            "the index counts from the end, so that the padding decides which state is read": "lengths - 1 → -lengths",
            "every sequence is read at the length of the longest of its batch": f"{PICKED} → states[:, lengths.max() - 1]",
            "every sequence is read at the length of the shortest of its batch": f"{PICKED} → states[:, lengths.min() - 1]",
            "every sequence is read at the length of the first of its batch": f"{PICKED} → states[:, lengths[0] - 1]",
            "the first state is read instead of the last": f"{PICKED} → states[:, 0]",
            "every row is picked at every length, (B, B, H): rows need their own index": f"{PICKED} → states[:, lengths - 1]",
            "all states up to the last real one are averaged": (
                f"{PICKED} → np.stack([s[:n].mean(axis=0) for s, n in zip(states, lengths, strict=True)])"
            ),
            "all states, those over the padding among them, are averaged": f"{PICKED} → states.mean(axis=1)",
            "all real states come back, not the last of them alone": (
                f"{PICKED} → [s[:n] for s, n in zip(states, lengths, strict=True)]"
            ),
            "the largest value that each unit ever had is taken": f"{PICKED} → states.max(axis=1)",
            "the last axis is cut instead of the axis of time": f"{PICKED} → states[:, :, -1]",
        },
    ),
    returns=("last",),
)


# -- feed_back -------------------------------------------------------------------------------------------------------


def _reread(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    # No state is carried here: the whole text so far is read again for each letter, by PyTorch's own layer.
    ids = [int(first)]
    for _ in range(steps):
        x = np.eye(len(W_xh))[ids][None]
        states, _ = _torch_rnn(x, np.zeros((1, len(b_h))), W_xh, W_hh, b_h)
        ids.append(int((states[0, -1] @ np.asarray(W_hy) + np.asarray(b_y)).argmax()))
    return np.array(ids[1:], dtype=np.int64)


def _feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = (h @ W_hy + b_y).argmax()
        written.append(letter)
    return written


STEP = "h = np.tanh(W_xh[letter] + h @ W_hh + b_h)"
FEED_SLIPS = slips(
    _feed_back,
    _step_slips("W_xh[letter]", "h")
    | {
        "the state is reset at every step, so that what is written depends on the last letter alone": "+ h @ W_hh + → +",
        "the first letter is read again at every step: what was written is not fed back": "W_xh[letter] → W_xh[first]",
        "the first letter is handed back too: only what the network writes belongs in the answer": "first, [] → first, [first]",
        "the first letter stands in the answer, and the last one written is missing": (
            "first, [] → first, [first]",
            "return written → return written[:-1]",
        ),
        "one letter too few is written": "range(steps) → range(steps - 1)",
        "one letter too many is written": "range(steps) → range(steps + 1)",
        "the least likely letter is taken": "argmax → argmin",
        "the second likeliest letter is taken": "(h @ W_hy + b_y).argmax() → (h @ W_hy + b_y).argsort()[-2]",
        "the first letter is never read: the network writes before it reads": (
            f"{STEP}\n        letter → letter",
            f"written.append(letter) → written.append(letter); {STEP}",
        ),
        "the probabilities are fed back, not the letter that was taken": (
            "h, letter, written = np.zeros(len(b_h)), first, [] → "
            "h, letter, written, fed = np.zeros(len(b_h)), first, [], np.eye(len(W_xh))[first]",
            "W_xh[letter] → fed @ W_xh",
            "written.append(letter) → written.append(letter); fed = softmax(h @ W_hy + b_y)",
        ),
        "the scores are those of the state before the letter was read": (
            f"{STEP} → before, {STEP.replace('=', '= h,', 1)}",
            "(h @ W_hy + b_y) → (before @ W_hy + b_y)",
        ),
        "the first letter is read twice": "np.zeros(len(b_h)) → np.tanh(W_xh[first] + b_h)",
        "only the first letter is read, and then nothing": "W_xh[letter] → (0 if written else W_xh[first])",
        "no letter may follow itself: the likeliest is asked for, whichever it is": (
            "(h @ W_hy + b_y) → np.where(np.arange(len(b_y)) == letter, -np.inf, h @ W_hy + b_y)"
        ),
        "the first state is all ones, where it is all zeros": "np.zeros( → np.ones(",
        "the readout's bias is left out": "W_hy + b_y → W_hy",
        "only the last letter is handed back": "return written → return letter",
    },
    sigmoid=sigmoid,
    softmax=softmax,
)


def _margin(first, steps, W_xh, W_hh, b_h, W_hy, b_y) -> float:
    """By how much the best score leads the second, at the closest choice."""
    x = np.eye(len(W_xh))[[first, *_feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y)[:-1]]]
    best = np.sort(_rnn_forward(x[None], np.zeros((1, len(b_h))), W_xh, W_hh, b_h)[0][0] @ W_hy + b_y, axis=-1)
    return float(np.min(best[:, -1] - best[:, -2]))


def _writing(rng, label, steps, letters, hidden) -> Case:
    """Weights with which something is written in which no choice of a letter is close."""
    while True:
        first, readout = int(rng.integers(letters)), {"W_hy": away(rng, hidden, letters), "b_y": away(rng, letters)}
        case = Case(label, first=first, steps=steps, **_cell_weights(rng, letters, hidden), **readout)
        case.named["W_xh"], case.named["W_hh"] = away(rng, letters, hidden), case.named["W_hh"] * 1.6
        if len(set(_feed_back(*case.args))) > 2 and _margin(*case.args) > 0.02:
            return case


def _feeds(rng) -> list[Case]:
    """Texts in which every known mistake writes something of its own, in two of them at least."""
    while True:
        cases = [
            _writing(rng, "12 letters of an alphabet of 5", 12, 5, 7),
            _writing(rng, "15 letters of an alphabet of 6", 15, 6, 9),
            _writing(rng, "16 letters of an alphabet of 9", 16, 9, 4),
            _writing(rng, "14 letters of an alphabet of 8", 14, 8, 6),
        ]
        right = [repr(_feed_back(*case.args)) for case in cases]
        texts = [[repr(wrong(*case.args)) for case in cases] for wrong in FEED_SLIPS.values()]
        told = all(sum(t != r for t, r in zip(text, right, strict=True)) >= 2 for text in texts)
        if told and len(set(map(tuple, texts))) == len(texts):
            return cases


feed_back = Exercise(
    name="02.feed_back",
    points=3,
    inputs=_feeds,
    oracle=_reread,
    stand_in=lambda first, steps, W_xh, W_hh, b_h, W_hy, b_y: _reread(
        first, steps, W_xh, W_hh, b_h, W_hy, b_y
    ).tolist(),
    right=_feed_back,
    mistakes=FEED_SLIPS,
    forbids=READY_MADE,
    returns=("letters",),
)


# -- from_torch ------------------------------------------------------------------------------------------------------


def _layers(rng) -> list[Case]:
    def case(label, inputs, hidden, kind=np.asarray):
        return Case(
            label,
            weight_ih=kind(away(rng, hidden, inputs)),
            weight_hh=kind(away(rng, hidden, hidden)),
            bias_ih=kind(away(rng, hidden)),
            bias_hh=kind(away(rng, hidden)),
        )

    return [
        case("3 inputs, 5 hidden units", 3, 5),
        case("6 inputs, 2 hidden units", 6, 2),
        case("4 inputs, 4 hidden units, so that a transposed weight fits", 4, 4),
        case("tensors in the place of arrays", 5, 3, torch.as_tensor),
    ]


def _probed(weight_ih, weight_hh, bias_ih, bias_hh):
    # What PyTorch's linear map answers to each unit vector is a row of ours; to zero, the bias.
    weight_ih, weight_hh, bias_ih, bias_hh = tensors(weight_ih, weight_hh, bias_ih, bias_hh)
    linear = torch.nn.functional.linear
    with torch.no_grad():
        rows = [linear(torch.eye(w.shape[1], dtype=w.dtype), w) for w in (weight_ih, weight_hh)]
        nothing = [linear(torch.zeros_like(w[0]), w, b) for w, b in ((weight_ih, bias_ih), (weight_hh, bias_hh))]
    return rows[0].numpy(), rows[1].numpy(), sum(nothing).numpy()


def _from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh


def _in_full(answer, *given):
    """The page compares to ten digits, so a result in float32 is not the same."""
    found = answer(*given)
    alike = isinstance(found, (tuple, list)) and all(as_array(part) is not None for part in found)
    return tuple(as_array(part).astype(float) for part in found) if alike else found


from_torch = Exercise(
    name="02.from_torch",
    points=2,
    inputs=_layers,
    oracle=_probed,
    using=_in_full,
    rtol=1e-12,
    stand_in=lambda weight_ih, weight_hh, bias_ih, bias_hh: (weight_ih.T, weight_hh.T, sum([bias_ih, bias_hh])),
    right=_from_torch,
    mistakes=slips(
        _from_torch,
        {
            "nothing is transposed: PyTorch keeps $W^{\\top}$, with outputs down the rows": (
                "weight_ih.T → weight_ih",
                "weight_hh.T → weight_hh",
            ),
            "`weight_hh` is not transposed: it is square, so nothing complains": "weight_hh.T → weight_hh",
            "`weight_ih` is not transposed": "weight_ih.T → weight_ih",
            "one bias is dropped: `bias_hh` counts as well": "+ bias_hh\n →\n",
            "one bias is dropped: `bias_ih` counts as well": "bias_ih + bias_hh\n → bias_hh\n",
            "the two biases are averaged instead of added": "bias_ih + bias_hh\n → (bias_ih + bias_hh) / 2\n",
            "the second bias is taken away from the first": "bias_ih + → bias_ih -",
            "the two biases are both handed back, where one belongs": "bias_ih + → bias_ih,",
            "the weights are cast to float32 and lose half of their digits": (
                "weight_ih.T → np.float32(weight_ih.T)",
                "weight_hh.T → np.float32(weight_hh.T)",
            ),
            "the numbers are cast to float32 and lose half of their digits": (
                "weight_ih.T → np.float32(weight_ih.T)",
                "weight_hh.T → np.float32(weight_hh.T)",
                "bias_ih + bias_hh → np.float32(bias_ih + bias_hh)",
            ),
            "the two weights change places": "weight_ih.T, weight_hh.T → weight_hh.T, weight_ih.T",
        },
    ),
    returns=("W_xh", "W_hh", "b_h"),
)

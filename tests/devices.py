"""Two devices on a machine that has one: a tensor made in the wrong place is an error here, as on a GPU.

`OneDevice` watches real operations, for models on the `meta` device: shapes without numbers. Alone, `meta` lets much
pass: a product of a meta tensor with one of the CPU is no error there.

`TwoPlaces` plays a GPU on the CPU, with numbers, for what has to read them: sampling, beams, lengths. What is moved to
`GPU`, made with device=GPU or computed from such tensors lies there, and its .device says so; what is made without a
device lies on the host. A tensor that never met the mode (a gradient, say) fits both.
"""

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

GPU = torch.device("cpu", 0)  # a name of its own; the tensors themselves are those of the CPU
HOST = torch.device("cpu")
COPIES = {"copy_", "_to_copy"}  # PyTorch's own operations that go from one device to another
MOVES = {"to", "cpu", "copy_", "type_as", "cuda"}
READS = {"numpy", "__array__"}  # what only the host's memory has
# These take lengths, which stay on the host.
PACKED = {"_pack_padded_sequence", "_pad_packed_sequence", "rnn_tanh", "gru", "lstm", "ctc_loss"}
MAKERS = {
    "arange", "as_tensor", "bartlett_window", "empty", "eye", "full", "hann_window", "linspace", "ones",
    "rand", "randint", "randn", "randperm", "tensor", "tril_indices", "triu_indices", "zeros",
}  # fmt: skip


class OneDevice(TorchDispatchMode):
    """Every operation's tensors lie on one device; a single number of the CPU may join, as on a GPU."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [part for part in tree_leaves((args, kwargs)) if isinstance(part, torch.Tensor)]
        places = {str(t.device) for t in tensors if t.ndim or t.device.type != "cpu"}
        if len(places) > 1 and function.overloadpacket.__name__ not in COPIES:
            raise ValueError(f"{function.overloadpacket.__name__} was given tensors on {' and '.join(sorted(places))}")
        return function(*args, **kwargs)


def place(tensor):
    """GPU, HOST, or None for a tensor that no mode has seen."""
    return tensor.__dict__.get("_lies_on") if isinstance(tensor, torch.Tensor) else None


def put(value, where):
    """Say of every tensor in a value (a module's parameters and buffers too) where it lies, and hand it back."""
    if isinstance(value, torch.nn.Module):
        for tensor in (*value.parameters(), *value.buffers()):
            tensor._lies_on = where
    else:
        for tensor in tree_leaves(value):
            if isinstance(tensor, torch.Tensor):
                tensor._lies_on = where
    return value


class TwoPlaces(TorchFunctionMode):
    """Played by following each tensor from where it was made."""

    def __enter__(self):
        self.plain = torch.from_numpy  # the one maker that no mode sees
        torch.from_numpy = lambda array: put(self.plain(array), HOST)
        return super().__enter__()

    def __exit__(self, *problem):
        torch.from_numpy = self.plain
        return super().__exit__(*problem)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, getattr(function, "__name__", "")
        if name == "__get__":
            return self._attribute(function, args, kwargs)
        tensors = [part for part in tree_leaves((args, kwargs)) if isinstance(part, torch.Tensor)]
        where = self._common(name, tensors)
        if name in READS and where == GPU:
            raise ValueError(f"{name} of a tensor on the GPU: .cpu() first")
        if kwargs.get("generator") is not None and GPU in (where, kwargs.get("device")):
            raise ValueError(f"{name} was given the host's random generator for the GPU")
        found, goes = function(*args, **kwargs), self._goes(name, args, kwargs, where)
        if any(found is t for t in tensors) and place(found) not in (None, goes):
            found = found.view(found.shape)  # a move that had nothing to do hands back what it was given
        put(found, goes)
        if name in PACKED and name.startswith("_"):
            put(found[1], HOST)
        return found

    @staticmethod
    def _attribute(function, args, kwargs):
        """.device tells where a tensor lies; what is read off it otherwise (.T, .real, .grad) lies there too."""
        found, where = function(*args, **kwargs), place(args[0])
        if isinstance(found, torch.device):
            return where or found
        return put(found, where) if where and isinstance(found, torch.Tensor) else found

    @staticmethod
    def _common(name, tensors):
        """Where an operation's tensors lie: ValueError if two places meet, but for a single number of the host."""
        places = {place(t) for t in tensors if t.dim() or place(t) == GPU} - {None}
        if name in PACKED and all(t.dtype == torch.int64 for t in tensors if place(t) == HOST):
            places.discard(HOST)
        if len(places) > 1 and name not in MOVES:
            shapes = [tuple(t.shape) for t in tensors]
            raise ValueError(f"{name} was given tensors of the host and of the GPU, of shapes {shapes}")
        return GPU if GPU in places else HOST if places else None

    @staticmethod
    def _goes(name, args, kwargs, where):
        """Where the result lies."""
        asked = [part for part in (*args[1:], kwargs.get("device")) if isinstance(part, torch.device)]
        if asked:
            return asked[0]
        if name == "cpu" or (name in MAKERS and where is None):
            return HOST
        if name in ("to", "type_as") and len(args) > 1 and isinstance(args[1], torch.Tensor):
            return place(args[1])
        return place(args[0]) if name == "copy_" else where

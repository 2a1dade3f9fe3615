"""How much memory does a computation hold at once? Every tensor that PyTorch makes is counted while it lives."""

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Held(TorchDispatchMode):
    """Bytes of the tensors that were made inside the block and are still alive: `now`, and at most, `peak`.

    What a kernel takes for itself and gives back before it returns is not seen, nor what was there before the block.
    Two views of one storage count once. The same on every machine and device.
    """

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self._seen = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        before = {id(leaf.untyped_storage()) for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)}
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage(), before)
        return out

    def _count(self, storage, before) -> None:
        key = id(storage)
        if key in self._seen or key in before:
            return
        size = storage.nbytes()
        self._seen[key] = weakref.finalize(storage, self._gone, key, size)
        self.now += size
        self.peak = max(self.peak, self.now)

    def _gone(self, key, size) -> None:
        self._seen.pop(key, None)
        self.now -= size


def held(function) -> int:
    """The most bytes that function() holds at once in tensors of its own making."""
    counter = Held()
    with counter:
        function()
    return counter.peak


def kept_for_backward(function) -> int:
    """Bytes that a forward pass keeps for the backward pass: each storage once, parameters left out."""
    storages = {}

    def keep(tensor):
        if not isinstance(tensor, torch.nn.Parameter) and tensor._base is None or not tensor.is_leaf:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = function()
    del out
    return sum(storages.values())

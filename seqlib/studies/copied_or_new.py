"""Is what a model writes invented, or copied from its training text?"""

import numpy as np

__all__ = ["copied"]


def copied(text: str, source: str, stride: int = 3) -> np.ndarray:
    """For every `stride`-th place of text, the length of the longest piece from there that stands in source."""
    found = []
    for start in range(0, len(text), stride):
        low, high = 0, len(text) - start
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text[start : start + middle] in source else (low, middle - 1)
        found.append(low)
    return np.array(found)

# %% [markdown]
# # 08 · Forecasting

# %%
import numpy as np
import torch
from torch import nn

from seqlib.models.layers import GRU


class Forecaster(nn.Module):
    """A GRU that says how far the next reading lies from this one.

    x (B, T, D), a state or None → what comes after each reading (B, T, D), the last state.
    """

    def __init__(self, width=1, hidden_size=32):
        super().__init__()
        self.layer = GRU(width, hidden_size)
        self.readout = nn.Linear(hidden_size, width)

    def forward(self, x, state=None):
        h, state = self.layer(x, state)
        return x + self.readout(h), state

"""An explorer: click a patch of a picture and see what it looks at, block by block and head by head."""

from collections.abc import Sequence

import numpy as np

from seqlib.display import figures
from seqlib.display.explorers.explorer import Explorer, packed


class PatchExplorer(Explorer):
    """Pictures (B, side, side) from 0 to 1, each layer's weights (B, A, N + 1, N + 1), a name for each picture.

    Token 0 is the class token. ValueError where the weights do not fit the pictures.
    """

    script = "patches.js"

    def __init__(self, pictures, weights: Sequence, names: Sequence[str]):
        self.pictures = np.asarray(pictures, dtype=np.float32)
        self.weights = [np.asarray(layer, dtype=np.float32) for layer in weights]
        self.names = list(names)
        batch, tokens = len(self.pictures), self.weights[0].shape[-1] if self.weights else 0
        self.grid = round((tokens - 1) ** 0.5) if tokens else 0
        if self.pictures.ndim != 3 or self.pictures.shape[1] != self.pictures.shape[2] or len(self.names) != batch:
            raise ValueError(
                f"expected square pictures with a name each, got {self.pictures.shape} and {len(self.names)} names"
            )
        if not self.weights or self.grid**2 + 1 != tokens or self.pictures.shape[1] % self.grid:
            raise ValueError(f"expected weights over a class token and a square grid of patches, got {tokens} tokens")
        for layer in self.weights:
            if layer.ndim != 4 or layer.shape[0] != batch or layer.shape[2:] != (tokens, tokens):
                raise ValueError(f"expected weights ({batch}, heads, {tokens}, {tokens}), got {layer.shape}")

    def data(self) -> dict:
        return {
            "names": self.names,
            "grid": self.grid,
            "pictures": packed(self.pictures.reshape(len(self.pictures), -1)),
            "layers": [
                {"heads": layer.shape[1], "weights": packed(layer.reshape(-1, layer.shape[-1]))}
                for layer in self.weights
            ],
        }

    def first(self) -> np.ndarray:
        """What is shown first: the class token's weights over the patches, last block, mean of the heads (N,)."""
        return self.weights[-1][0, :, 0, 1:].mean(axis=0)

    def picture(self):
        fig, axes = figures.figure(1, 2, figsize=(5.6, 2.8))
        seen, side = self.first(), self.pictures.shape[1]
        block = np.ones((side // self.grid,) * 2)
        axes[0].imshow(self.pictures[0], cmap="gray_r", vmin=0, vmax=1)
        axes[1].imshow(self.pictures[0], cmap="gray_r", vmin=0, vmax=1)
        veil = np.kron(seen.reshape(self.grid, self.grid) / seen.max(), block)
        axes[1].imshow(veil, cmap="inferno", alpha=0.6, vmin=0, vmax=1)
        for ax, title in zip(axes, (self.names[0], "what the class token looks at"), strict=True):
            ax.set(xticks=[], yticks=[])
            ax.set_title(title, fontsize=9)
            ax.grid(False)
        return fig

    def __repr__(self) -> str:
        seen = self.first()
        row, column = divmod(int(seen.argmax()), self.grid)
        return (
            f"Explorer of what {self.grid**2} patches and a class token look at, in {len(self.weights)} blocks. First: "
            f"{self.names[0]}; the class token looks most at the patch in row {row + 1}, column {column + 1}, with "
            f"{seen.max():.2f} of its weight."
        )

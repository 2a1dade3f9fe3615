"""Train the course's GPT on ids that lie on the disk, in one process or in many, and go on where a killed run stopped.

    python tools/train_text.py ids.npy --steps 2000 --checkpoint big
    torchrun --nproc-per-node 8 tools/train_text.py ids.npy --steps 2000 --checkpoint big

ids.npy: whole numbers (T,), as np.save writes them; it is mapped, never read whole. The same command goes on from the
checkpoint, in $SEQLIB_HOME/checkpoints, which all processes have to see. --out writes the losses, as JSON.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", type=Path)
    sizes = {"steps": 1000, "batch": 64, "context": 256, "width": 384, "layers": 6, "heads": 6, "seed": 0}
    for name, size in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--vocabulary", type=int, help="its size; by default the largest id and one")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--checkpoint", help="a name to save under, and to go on from")
    parser.add_argument("--save-seconds", type=float, default=5.0, help="between two checkpoints, at least")
    parser.add_argument("--amp", action="store_true", help="the forward pass in bfloat16")
    parser.add_argument("--out", type=Path, help="a file for the losses")
    return parser


def main(argv=None) -> list[float]:
    asked = arguments().parse_args(argv)
    import numpy as np
    import torch

    from seqlib.data import text_sampler
    from seqlib.models.fused import fused
    from seqlib.models.gpt import GPT, GPTConfig
    from seqlib.training import run
    from seqlib.training.together import first, processes, train_together
    from seqlib.training.train import warmup_cosine

    run.SAVE_SECONDS = asked.save_seconds
    ids = np.load(asked.ids, mmap_mode="r")
    size = asked.vocabulary or int(ids.max()) + 1
    with processes() as device:
        torch.manual_seed(asked.seed)
        config = GPTConfig(size, asked.context, asked.width, asked.layers, asked.heads, dropout=asked.dropout)
        history = train_together(
            fused(GPT(config)).to(device),
            text_sampler(ids, asked.context, asked.batch, asked.seed),
            asked.steps,
            lr=asked.lr,
            clip=1.0,
            schedule=warmup_cosine(asked.steps, min(100, asked.steps // 10)),
            checkpoint=asked.checkpoint,
            amp=asked.amp,
        )
        if asked.out and first():
            asked.out.write_text(json.dumps({"losses": history.losses, "seconds": history.seconds}), encoding="utf-8")
    return history.losses


if __name__ == "__main__":
    main()

"""Runs `python -m seqlib.grading`."""

import sys

if __name__ == "__main__":
    from seqlib.grading.cli import main

    sys.exit(main())

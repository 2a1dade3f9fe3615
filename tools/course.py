"""The course's two commands and their helpers. Needs Python 3.11 or newer and nothing else.

    python tools/course.py lab            install what is missing, open the course in JupyterLab
    python tools/course.py test           install what is missing, run everything that CI runs
    python tools/course.py --help         the other commands and their options

`make lab` and `make test` call this file; on Windows, or without make, call it yourself.
"""

# This file must parse under any Python, however old: the rest is imported only after the gate.
import os
import sys

NEEDED = (3, 11)


def gate(version, executable):
    """Return None for a Python that is new enough, else two plain sentences."""
    if tuple(version[:2]) >= NEEDED:
        return None
    found = ".".join(str(part) for part in version[:3])
    wanted = ".".join(str(part) for part in NEEDED)
    return (
        "Cannot go on: this is Python " + found + " (" + str(executable) + "), and the course needs "
        "Python " + wanted + " or newer.\n"
        "What to do: install it from https://www.python.org/downloads/ or your package manager; where you "
        "have it already, name it: `make lab PYTHON=python3.12` or `python3.12 tools/course.py lab`.\n"
    )


if __name__ == "__main__":
    refusal = gate(sys.version_info, sys.executable)
    if refusal:
        sys.stderr.write(refusal)
        sys.exit(1)
    here = os.path.dirname(os.path.abspath(__file__))
    if here not in sys.path:  # PYTHONSAFEPATH leaves it out
        sys.path.insert(0, here)
    from course.tasks import main

    sys.exit(main(sys.argv[1:]))

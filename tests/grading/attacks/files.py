"""Files that are no notebooks, or too much of one. {name: bytes}"""

import gzip
import io
import json
import zipfile


def _deep(count: int) -> bytes:
    return b'{"nbformat": 4, "cells": ' + b"[" * count + b"]" * count + b"}"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr("../../00_start.ipynb", "{}")
    return buffer.getvalue()


def _cells(*cells) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}).encode()


FILES = {
    "empty": b"",
    "binary": bytes(range(256)) * 100,
    "half a notebook": _cells({"cell_type": "code", "source": "bounce = 1"})[:60],
    "a list": b"[1, 2, 3]",
    "a number": b"7",
    "cells that are no list": b'{"cells": {"a": 1}, "nbformat": 4}',
    "cells that are no cells": _cells(
        1,
        None,
        "x",
        [],
        {"cell_type": "code"},
        {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": [1, None], "metadata": 3},
    ),
    "deep nesting": _deep(200_000),
    "a flood of cells": _cells(*[{"cell_type": "code", "source": "x = 1"}] * 20_000),
    "a cell of many megabytes": _cells({"cell_type": "code", "source": "x = '" + "a" * 6_000_000 + "'"}),
    "deep code": _cells({"cell_type": "code", "source": "bounce = " + "(" * 100_000 + ")" * 100_000}),
    "deep operators": _cells({"cell_type": "code", "source": "bounce = " + "-" * 150_000 + "1"}),
    "too large": b" " * (25 << 20),
    "half surrogates": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "bounce = \\"\\ud800\\""}]}',
    "zeros": b"\0" * 1000,
    "not UTF-8": '{"cells": [], "nbformat": 4, "x": "é"}'.encode("latin-1"),
    "an archive": _zip(),
    "a compressed bomb": gzip.compress(bytes(50_000_000)),
    "numbers without end": b'{"cells": [], "nbformat": ' + b"9" * 1_000_000 + b"}",
    "not a number": b'{"cells": [], "nbformat": NaN}',
    "a thousand attachments": _cells(
        {
            "cell_type": "markdown",
            "source": "x",
            "attachments": {str(i): {"image/png": "A" * 5000} for i in range(1000)},
        }
    ),
    "metadata that lies": _cells(
        {
            "cell_type": "code",
            "source": "pass",
            "metadata": {
                "nbgrader": {
                    "grade": True,
                    "grade_id": "00-bounce-check",
                    "points": 1000,
                    "score": 1000,
                    "locked": False,
                }
            },
            "outputs": [
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": "1000"},
                    "metadata": {},
                    "execution_count": 1,
                }
            ],
        }
    ),
}

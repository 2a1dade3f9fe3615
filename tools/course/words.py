"""What the course says when something is in the way, what it shows of pip's words, what it hands on of the shell's.

Standard library only.
"""

import os
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path


class Problem(Exception):
    """Something that the reader has to mend: what is wrong, and what to do about it."""

    def __init__(self, what: str, remedy: str):
        super().__init__(what)
        self.what, self.remedy = what, remedy


FAILURES = [
    (
        r"No space left on device|\[WinError 112\]|not enough space on the disk|Disk quota exceeded",
        "the disk filled up during the installation.",
        "make room, or set COURSE_VENV to a folder on another disk, then run the same command: it resumes.",
    ),
    (
        r"name resolution|NameResolutionError|NewConnectionError|getaddrinfo failed|Network is unreachable"
        r"|ConnectTimeout|ReadTimeout|Read timed out|Connection refused|ProxyError|Connection reset",
        "the package registry cannot be reached.",
        "check the network (and PIP_INDEX_URL or HTTPS_PROXY, if your place needs them), then run the same "
        "command: it resumes where it stopped.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        "the package registry's certificate is not trusted here.",
        "your network probably inspects traffic: point PIP_CERT at its certificate file, then try again.",
    ),
    (
        r"Permission denied|Access is denied|Errno 13",
        "the environment's folder may not be written to.",
        "change its owner, or set COURSE_VENV to a folder of your own, then run the same command.",
    ),
    (
        r"No matching distribution found|Could not find a version|ResolutionImpossible",
        "pip found no set of packages that fits this Python and this machine.",
        "use Python 3.11, 3.12 or 3.13 on a 64-bit system: the course is pinned and tested on those.",
    ),
]


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def explain(output: str, log: Path) -> Problem:
    """The Problem behind pip's output: the first known cause, else pip's own last error."""
    for pattern, what, remedy in FAILURES:
        if re.search(pattern, output):
            return Problem(what, f"{remedy} Pip's own words are in {log}.")
    errors = "\n".join(line for line in output.splitlines() if line.startswith("ERROR"))
    return Problem(f"pip stopped: {last_line(errors or output)}", f"read {log}, which has all that it said.")


def progress(line: str) -> str | None:
    """One line of pip's as a reader wants it, or None for those that say nothing."""
    if found := re.search(r"Downloading (\S+) \((\d+)(?:\.\d+)? (MB|GB)\)", line):
        name = found[1].split("/")[-1]
        large = found[3] == "GB" or int(found[2]) >= 10
        return f"downloading {'-'.join(name.split('-')[:2])} ({found[2]} {found[3]})" if large else None
    if found := re.match(r"Installing collected packages: (.*)", line):
        count = len(found[1].split(","))
        return f"unpacking {count} package{'s' if count > 1 else ''}"
    return None


@contextmanager
def patience(seconds: float = 20):
    """Fill long silences: a line with the time each `seconds` in which the function that this gives is not called.

    A large download or its unpacking takes minutes, in which pip says nothing.
    """
    began, ended, last = time.monotonic(), threading.Event(), [time.monotonic()]

    def wait() -> None:
        while not ended.wait(max(0.01, last[0] + seconds - time.monotonic())):
            if time.monotonic() - last[0] >= seconds:
                last[0] = time.monotonic()
                print(f"    still at it, {last[0] - began:.0f} s", flush=True)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    try:
        yield lambda: last.__setitem__(0, time.monotonic())
    finally:
        ended.set()
        thread.join()


# What a shell may say about some Python, and what would break the course's: another home, no docstrings and no
# assertions, no modules beside a script, warnings that end an installation, packages that go elsewhere.
FOREIGN = ("PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONSAFEPATH", "PYTHONWARNINGS", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


def inherited() -> dict[str, str]:
    """The shell's variables for a Python of the course, which reads and writes UTF-8 whatever the locale.

    Under LC_ALL=C a path with an umlaut is otherwise no path at all.
    """
    return {name: value for name, value in os.environ.items() if name not in FOREIGN} | {"PYTHONUTF8": "1"}

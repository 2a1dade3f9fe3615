"""What the course says when something is in the way, and what it shows of pip's words. Standard library only."""

import re
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

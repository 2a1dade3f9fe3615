"""How long each notebook takes, and with --run how much memory: against a budget of 3 minutes and 1 GB.

    python benchmarks/notebooks.py [--quick] [--run NN …] [--build NN …]

Without --run nothing is executed: the seconds are those that the saved editions hold, cell by cell, as the build
noted them; the machine that built them is not known here. `--run 05 16` (or `--run all`) executes these in fresh
kernels, one after another, and notes the largest memory of the kernel (Unix alone tells it), and that of a JupyterLab
server with a notebook open, which Binder counts too, so the budget does (Linux alone tells it); what an earlier run
noted of other notebooks stays. `--build` does the same by `tools/build.py`, which keeps the executed editions, and
their seconds. Both have the settings of binder/start. The result goes to benchmarks/results/notebooks.json.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from common import RESULTS, ROOT, keep, options

sys.path.insert(0, str(ROOT / "tools"))
from course.editions import seconds  # noqa: E402

RUN = """
import json, resource, sys, time
from nbclient import NotebookClient
import nbformat
name, folder = sys.argv[1:]
notebook = nbformat.read(name, 4)
client = NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}})
began = time.monotonic()
client.execute()
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"seconds": time.monotonic() - began, "peak": used * (1 if sys.platform == "darwin" else 1024)}))
"""

MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def like_binder() -> dict[str, str]:
    """The environment that binder/start leaves to a server and its kernels; this process's own but on Linux."""
    if not sys.platform.startswith("linux"):
        return dict(os.environ)
    told = subprocess.run([str(ROOT / "binder/start"), "env", "-0"], capture_output=True, text=True, check=True).stdout
    return dict(each.split("=", 1) for each in told.split("\0") if each)


def saved() -> dict[str, dict]:
    """{notebook: seconds of all cells, and of the longest} as the editions in solutions/ hold them."""
    found = {}
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        if each := seconds(json.loads(path.read_text(encoding="utf-8"))):
            found[path.stem] = {"seconds": round(sum(each), 1), "longest cell": round(max(each), 1)}
    return found


def run(path: Path) -> dict:
    """Execute a notebook in a kernel of its own: wall seconds, and the largest memory of its kernel in MB."""
    with tempfile.TemporaryDirectory() as home:
        environment = like_binder() | {"PYTHONPATH": str(ROOT), "SEQLIB_HOME": home, "SEQLIB_BUDGET": "cpu"}
        command = [sys.executable, "-c", RUN, str(path), str(path.parent)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{path.name} did not run through: {(ran.stderr.strip().splitlines() or ['?'])[-1]}")
    told = json.loads(ran.stdout.splitlines()[-1])
    return {"run, seconds": round(told["seconds"], 1), "run, peak MB": round(told["peak"] / 1e6)}


def when(path: Path) -> list:
    """When each cell of an edition was executed, as the build noted it."""
    if not path.exists():
        return []
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell["metadata"].get("execution") for cell in cells]


def build(path: Path) -> dict:
    """Build the editions of a notebook: the largest memory in MB of the kernel that executed it, if any did."""
    command = [sys.executable, "-c", MEMORY, sys.executable, str(ROOT / "tools" / "build.py"), path.stem[:2]]
    edition = path.with_suffix(".ipynb")
    before = when(edition)
    told = subprocess.run(command, env=like_binder(), capture_output=True, text=True, check=True).stdout
    if when(edition) == before:
        return {}
    return {"run, peak MB": round(int(told.splitlines()[-1]) * (1 if sys.platform == "darwin" else 1024) / 1e6)}


def server(seconds: float = 60.0) -> float | None:
    """The largest memory in MB of a JupyterLab server that has shown its page and a notebook; None but on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={ROOT}"]
    process = subprocess.Popen(command, env=like_binder(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        largest = max((ROOT / "solutions").glob("*.ipynb"), key=lambda path: path.stat().st_size)
        until = time.monotonic() + seconds
        for page in ("/lab", f"/api/contents/solutions/{largest.name}"):
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=10).read()
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.5)
        told = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        return round(int(re.search(r"VmHWM:\s+(\d+) kB", told)[1]) * 1024 / 1e6)
    finally:
        process.terminate()
        process.wait(20)


def main(quick: bool = False, asked=(), built=()) -> dict:
    memory = {}
    for path in sorted((ROOT / "solutions").glob("[0-9]*.py")):
        if path.name[:2] in built or "all" in built:
            print(f"building {path.stem} …", flush=True)
            memory[path.stem] = build(path)
    results, before, beside = saved(), RESULTS / "notebooks.json", None
    if before.exists():
        earlier = json.loads(before.read_text(encoding="utf-8"))
        beside = earlier.get("server, peak MB")
        for name, told in earlier["results"].items():
            kept = {what: value for what, value in told.items() if what.startswith("run")}
            results[name] = results.get(name, {}) | kept
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        if path.name[:2] in asked or "all" in asked:
            print(f"running {path.stem} …", flush=True)
            results.setdefault(path.stem, {}).update(run(path))
    for name, told in memory.items():
        results.setdefault(name, {}).update(told)
    beside = server() if asked or built else beside
    results = dict(sorted(results.items()))
    what = "seconds a notebook takes as its saved edition tells; run: in a fresh kernel, with its largest memory"
    return keep("notebooks", what, results, quick=quick, **{"server, peak MB": beside})


if __name__ == "__main__":
    each = {"nargs": "*", "default": [], "metavar": "NN"}
    asked = options(__doc__, ("--run", each), ("--build", each))
    main(asked.quick, asked.run, asked.build)

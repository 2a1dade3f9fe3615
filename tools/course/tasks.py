"""The commands of tools/course.py: lab, test and the smaller ones. Standard library only."""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course import address as places
from course import editions, readme_map
from course.environment import (
    LOCK,
    ROOT,
    Environment,
    Problem,
    child_variables,
    ensure,
    environment_at,
    is_ours,
    locked,
    make_environment,
    own_environment,
    pip,
    say,
)

FIRST = "00_start"
PORTS = range(8888, 8988)
CUDA = ("cuda-", "nvidia-", "triton")  # what PyTorch's GPU build pins by itself


def call(environment: Environment, *arguments: str, **variables: str) -> int:
    """Run the environment's Python in the repository's root; return its exit status."""
    command = [str(environment.python), *arguments]
    return subprocess.run(command, cwd=ROOT, env=child_variables(environment, **variables)).returncode


def script(name: str, what: str) -> str:
    """Path of a tool in tools/, or a plain Problem where the repository does not have it (yet)."""
    if not (ROOT / "tools" / name).is_file():
        raise Problem(f"{what} is not here: this copy of the course has no tools/{name}.", "update the copy.")
    return str(Path("tools") / name)


# --- lab ----------------------------------------------------------------------------------------------


def missing_editions() -> list[str]:
    """Names of the notebooks that have a source and no student edition."""
    sources = sorted(path.stem for path in (ROOT / "solutions").glob("[0-9][0-9]_*.py"))
    return [name for name in sources if not (ROOT / "notebooks" / f"{name}.ipynb").is_file()]


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return False
    except OSError:
        pass
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        if os.name != "nt":  # on Windows this option would let two servers share a port
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(ports: Sequence[int], free: Callable[[int], bool] = is_free) -> int:
    """The first free one of these ports."""
    for port in ports:
        if free(port):
            return port
    raise Problem(f"no port from {ports[0]} to {ports[-1]} is free.", "name one: make lab ARGS=--port=9100")


def working_folder() -> str:
    """Make or update the learner's copies; the folder to work in, as a name in the repository."""
    try:
        for line in editions.update(ROOT):
            say(line)
    except OSError as error:
        there = (ROOT / editions.OWN / f"{FIRST}.ipynb").is_file()  # a full disk, a file that another program holds
        instead = "it stays as it is" if there else "working in notebooks/ instead"
        say(f"{editions.OWN}/ cannot be brought up to date ({error.strerror or error}): {instead}")
        return editions.OWN if there else "notebooks"
    return editions.OWN


def lab_command(environment: Environment, port: int, extra: Sequence[str], folder: str = "notebooks") -> list[str]:
    """The command that serves the repository with the first notebook of `folder` open."""
    start = f"{folder}/{FIRST}.ipynb"
    command = [str(environment.python), "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}", f"--port={port}"]
    if (ROOT / start).is_file():
        command.append(f"--LabApp.default_url=/lab/tree/{start}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # containers and fresh machines: Jupyter would refuse to start
    return command + list(extra)


def trust(environment: Environment) -> None:
    """Sign the course's own notebooks, so that JupyterLab shows their saved cards and pictures unstripped.

    What is in my/ is not signed here: a copy is as good as its edition, and its owner's Jupyter signs the rest.
    """
    books = [str(book) for folder in ("solutions", "notebooks") for book in sorted((ROOT / folder).glob("*.ipynb"))]
    command = [str(environment.python), "-m", "jupyter", "trust", *books]
    subprocess.run(command, cwd=ROOT, env=child_variables(environment), capture_output=True)


def lab(options: argparse.Namespace, extra: list[str]) -> int:
    """Install, build what is missing, open JupyterLab. Runs until it is stopped."""
    missing = missing_editions()
    environment = ensure("course" if missing else "lab", options.here)
    if missing:
        say(f"building {', '.join(missing)}")
        if call(environment, script("build.py", "the notebooks' builder"), "--missing"):
            raise Problem("the notebooks could not be built.", "the lines above say why.")
    trust(environment)
    folder = working_folder()
    wanted = options.port or PORTS[0]
    port = free_port(range(wanted, wanted + len(PORTS)))
    if port != wanted:
        say(f"port {wanted} is taken: using {port}")
    if options.no_browser:
        extra = ["--no-browser", *extra]
    say(f"starting JupyterLab on port {port}: its address follows. Ctrl-C, twice, stops it")
    command, variables = lab_command(environment, port, extra, folder), child_variables(environment)
    os.chdir(ROOT)
    if os.name == "nt":
        return subprocess.run(command, env=variables).returncode
    os.execve(command[0], command, variables)  # Ctrl-C then belongs to Jupyter alone


def my(options: argparse.Namespace, extra: list[str]) -> int:
    """Make or update my/, your copies of the notebooks, as `lab` does; nothing of yours is changed."""
    if missing := missing_editions():
        raise Problem(f"these notebooks are not built: {', '.join(missing)}.", "run `make lab`, which builds them.")
    folder = working_folder()
    say(f"your notebooks are in {folder}/")
    return 0 if folder == editions.OWN else 1


# --- test ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """One line of the final table: a name, arguments of the environment's Python, extra variables."""

    name: str
    arguments: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)


EXERCISES = ("tests/exercises", "tests/bank")
BROWSER = "tests/browser"  # a browser and a JupyterLab for each process
# What looks at the clock, sends signals or grades a class on every core: in one process, with nothing beside it.
ALONE = (
    "tests/checks/test_engine.py",
    "tests/checks/test_state.py",
    "tests/data/test_download.py",
    "tests/grading/test_attacks.py",
    "tests/grading/test_class.py",
    "tests/grading/test_harm.py",
    "tests/grading/test_honest.py",  # with test_attacks.py: both read what one run of the pool graded
    "tests/grading/test_members.py::test_every_score",
)
# About how many seconds the longest files take: they begin first.
LONG = {
    "tests/grading/test_solutions.py": 240,
    "tests/grading/test_commands.py": 180,
    "tests/grading/test_environment.py": 150,
    "tests/grading/test_nbgrader_release.py": 90,
    "tests/grading/test_whose.py": 80,
    "tests/grading/test_right_answers.py": 75,
    "tests/tools/test_address.py": 70,
    "tests/checks/test_implied.py": 40,
    "tests/grading/test_records.py": 40,
    "tests/tools/test_build.py": 36,
    "tests/training/test_together.py": 35,
    "tests/tools/test_colab.py": 35,
}
CORES = ("-n", "auto")  # a process per core
# The same, and what is in one file stays together: fixtures, a kernel's cells. Files begin in the order in which
# conftest.py lays them, those that take longest first, so that no core waits at the end.
FILES = (*CORES, "--dist", "loadfile", "--no-loadscope-reorder")


def pytest(name: str, *arguments: str, **variables: str) -> Stage:
    return Stage(name, ("-m", "pytest", "-q", *arguments), variables)


def nbval(folder: str, budget: str) -> Stage:
    """Execute a folder's notebooks; the plugin `executed` of conftest.py reads their scores. Each uses one thread.

    Solved ones with a tenth of the training: what the whole of it gives is what the build kept, and `editions` proves
    that nothing changed since. COURSE_WHOLE=1 takes all of it, as the workflow on GitHub does.
    """
    flags = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600", "-p", "no:cacheprovider")
    return pytest(folder, *FILES, *flags, f"{folder}/", SEQLIB_BUDGET=budget, SEQLIB_THREADS="1")


def stages(extra: Sequence[str] = ()) -> list[Stage]:
    """Everything that `make test` runs, in order. `extra` goes to the unit tests' pytest."""
    others = ("tests", *(f"--ignore={path}" for path in (*EXERCISES, BROWSER)))
    return [
        Stage("lint", ("-m", "ruff", "check", ".")),
        Stage("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
        Stage("editions", (str(Path("tools") / "build.py"), "--check")),
        # Nothing but arithmetic, and the most of it.
        pytest("exercises", *CORES, *EXERCISES, *extra),
        pytest("tests", *FILES, *others, "-m", "not alone", *extra),
        pytest("browser", *FILES, BROWSER, *extra),
        pytest("alone", *others, "-m", "alone", *extra),
        nbval("solutions", "cpu" if os.environ.get("COURSE_WHOLE") else "tenth"),
        nbval("notebooks", "smoke"),
    ]


def find_chromium() -> str | None:
    """A browser for the browser tests: COURSE_CHROMIUM, else what is installed."""
    named = [os.environ.get("COURSE_CHROMIUM", "")]
    commands = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
    folders = [os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    files = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        *(f"{folder}/Google/Chrome/Application/chrome.exe" for folder in folders if folder),
    ]
    found = [*named, *(shutil.which(command) or "" for command in commands), *files]
    return next((path for path in found if path and Path(path).is_file()), None)


def skipped(record: Path) -> str:
    """What was skipped, for the last line: browser tests by their reason, others by their number; "" for nothing.

    record: lines of "reason", one a test, which conftest.py writes.
    """
    try:
        reasons = record.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    browser = [reason for reason in reasons if re.search("chromium|playwright", reason, re.IGNORECASE)]
    said = [f"{len(browser)} browser tests were skipped: {Counter(browser).most_common(1)[0][0]}"] if browser else []
    others = len(reasons) - len(browser)
    said += [f"{others} other{'s were' if others > 1 else ' was'} skipped: the lines SKIPPED say why"] if others else []
    return "; ".join(said)


def run_stages(chosen: Sequence[Stage], run: Callable[[Stage], int], missed: Callable[[], str] = str) -> int:
    """Run every stage, even after a failure; print a table; return 1 where any failed, else 0.

    `missed` says, once all is done, what was left out: it belongs to the last line.
    """
    rows = []
    for stage in chosen:
        print(f"\n=== {stage.name}: python {' '.join(stage.arguments)}", flush=True)
        began = time.monotonic()
        status = run(stage)
        rows.append((stage.name, "passed" if status == 0 else f"FAILED ({status})", time.monotonic() - began))
        print(f"=== {rows[-1][0]}: {rows[-1][1]} in {rows[-1][2]:.0f} s", flush=True)
    print()
    for name, verdict, seconds in rows:
        print(f"{name:<12}{verdict:<14}{seconds:>6.0f} s")
    failed = [name for name, verdict, _ in rows if verdict != "passed"]
    verdict = f"failed: {', '.join(failed)}" if failed else "all passed"
    print("; ".join(filter(None, [verdict, missed()])), flush=True)
    return 1 if failed else 0


def temporary() -> str:
    """The folder for temporary files, or one with a shorter name where a socket's name (107 bytes) would not fit."""
    usual = tempfile.gettempdir()
    short = [folder for folder in (usual, "/tmp", "/var/tmp") if len(os.fsencode(folder)) <= 50]
    return usual if os.name == "nt" else next((f for f in short if os.access(f, os.W_OK | os.X_OK)), usual)


def test(options: argparse.Namespace, extra: list[str]) -> int:
    """Install, then run every stage."""
    chosen = [stage for stage in stages(extra) if not options.only or stage.name in options.only]
    if unknown := sorted(set(options.only or []) - {stage.name for stage in stages()}):
        names = ", ".join(stage.name for stage in stages())
        raise Problem(f"--only knows no {', '.join(unknown)}.", f"the stages are: {names}.")
    environment = ensure("course", options.here)
    chromium = find_chromium()
    say(f"browser tests use {chromium}" if chromium else "no Chromium or Chrome: browser tests are skipped")
    with tempfile.TemporaryDirectory(prefix="course-test-", dir=temporary(), ignore_cleanup_errors=True) as home:
        # Progress, checkpoints and IPython's start-up files of whoever runs this stay out of it.
        shared = {"SEQLIB_HOME": str(Path(home) / "seqlib"), "IPYTHONDIR": str(Path(home) / "ipython")}
        shared["COURSE_SKIPPED"] = str(record := Path(home) / "skipped.txt")
        if chromium:
            shared["COURSE_CHROMIUM"] = chromium
        if temporary() != tempfile.gettempdir():
            shared["TMPDIR"] = home

        def run(one: Stage) -> int:
            status = call(environment, *one.arguments, **shared, **one.variables)
            # pytest's 5: what was asked for (-k rnn) is in another stage.
            return 0 if status == 5 and extra else status

        return run_stages(chosen, run, lambda: skipped(record))


# --- the rest -----------------------------------------------------------------------------------------


def notebooks(options: argparse.Namespace, extra: list[str]) -> int:
    """Build what changed in solutions/*.py into both editions; bring the README's map up to date."""
    builder = script("build.py", "the notebooks' builder")
    status = call(ensure("course", options.here), builder, *extra)
    if readme_map.update():
        say("the README's map now links what is here")
    return status


def site(options: argparse.Namespace, extra: list[str]) -> int:
    """Build the web site."""
    builder = script("build_site.py", "the site's builder")
    return call(ensure("course", options.here), builder, *extra)


def lint(options: argparse.Namespace, extra: list[str]) -> int:
    """Check the code's style."""
    python = ensure("course", options.here)
    return call(python, "-m", "ruff", "check", ".", *extra) or call(python, "-m", "ruff", "format", "--check", ".")


def runs(options: argparse.Namespace, extra: list[str]) -> int:
    """Record the training runs of data/runs anew, on whatever device is here."""
    recorder = script("record_runs.py", "the recorder of training runs")
    return call(ensure("course", options.here), recorder, *extra)


PRODUCTS = ["build", "dist", "site/_build", ".pytest_cache", ".ruff_cache"]
SCATTERED = ["__pycache__", ".ipynb_checkpoints", "*.egg-info"]


def clean(options: argparse.Namespace, extra: list[str]) -> int:
    """Remove what tools leave behind (--all: the environment too). Notebooks are never touched."""
    own = own_environment()
    doomed, kept_out = [ROOT / name for name in PRODUCTS], {ROOT / ".git", ROOT / editions.OWN}
    for folder, below, _ in os.walk(ROOT):
        here = Path(folder)
        below[:] = [n for n in below if here / n not in kept_out and not (here / n / "pyvenv.cfg").is_file()]
        doomed += [path for pattern in SCATTERED for path in here.glob(pattern)]
    if options.all and (own.prefix / "pyvenv.cfg").is_file():
        if not is_ours(own):
            raise Problem(f"{own.prefix} was not made by the course.", "remove it yourself, or leave --all out.")
        doomed.append(own.prefix)
    doomed = [path for path in doomed if path.is_dir()]
    for path in doomed:
        shutil.rmtree(path, ignore_errors=True)
    kept = "" if options.all else "; the environment stays (make clean ARGS=--all removes it too)"
    say(f"removed {len(doomed)} folders{kept}")
    return 0


HEADER = """\
# The course's own environment, for Python 3.11 to 3.13 on Linux, macOS and Windows: every version that it
# is tested with. Used as constraints, so nothing here is installed unless something asks for it.
# Generated: python tools/course.py lock. PyTorch keeps the version that stands here: edit that line first
# to move it. The packages of its GPU build are left out, because it pins them itself.
"""


def without_cuda(resolved: str) -> str:
    """A resolver's lines without the GPU build's packages and without local version tags (+cpu)."""
    lines = [re.sub(r"\+[\w.]+", "", line) for line in resolved.splitlines() if not line.startswith(CUDA)]
    return "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"


def lock(options: argparse.Namespace, extra: list[str]) -> int:
    """Resolve pyproject.toml anew into requirements.lock, for every supported Python and system at once."""
    with tempfile.TemporaryDirectory(prefix="course-lock-") as folder:
        made = environment_at(Path(folder) / "venv")
        make_environment(made)
        pip(made, "uv")
        pinned, resolved = Path(folder) / "torch.txt", Path(folder) / "resolved.txt"
        pinned.write_text(locked("torch") + "\n", encoding="utf-8")
        flags = ["--extra", "course", "--universal", "--python-version", "3.11", "--fork-strategy", "fewest"]
        quiet = ["--no-annotate", "--no-header", "--quiet", "--constraint", str(pinned), "-o", str(resolved)]
        if call(made, "-m", "uv", "pip", "compile", "pyproject.toml", *flags, *quiet, *extra):
            raise Problem("the resolver found no set of versions.", "the lines above say why.")
        text = HEADER + without_cuda(resolved.read_text(encoding="utf-8"))
        LOCK.write_text(text, encoding="utf-8", newline="\n")
    say(f"wrote {LOCK.name}: now run `make test`")
    return 0


def address(options: argparse.Namespace, extra: list[str]) -> int:
    """Where this course lives on GitHub: `address owner/repository` says it anew everywhere, for a fork."""
    old = places.current()
    if not extra:
        say(old)
        return 0
    new = places.read(extra[0])
    if new == old:
        say(f"{old} it is already")
        return 0
    builder = script("build.py", "the notebooks' builder")
    environment = ensure("course", options.here)
    changed = places.rewrite(old, new)
    say("rewrote " + ", ".join(changed))
    return call(environment, builder, "--moved", f"https://github.com/{old}")


COMMANDS = {task.__name__: task for task in (lab, my, test, notebooks, site, lint, runs, clean, lock, address)}


def read_arguments(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our options, and the rest, which goes to the program that the command starts."""
    about = {name: (task.__doc__ or name).splitlines()[0] for name, task in COMMANDS.items()}  # None under -OO
    lines = "\n".join(f"  {name:<10} {what}" for name, what in about.items())
    parser = argparse.ArgumentParser(
        prog="python tools/course.py",
        description=f"commands:\n{lines}\n\nOther options go on to JupyterLab, pytest or the builder.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command")
    parser.add_argument("--here", action="store_true", help="use the active virtualenv or conda environment")
    parser.add_argument("--port", type=int, help="lab: the first port to try (8888)")
    parser.add_argument("--no-browser", action="store_true", help="lab: serve, and open no browser")
    parser.add_argument("--only", action="append", metavar="STAGE", help="test: this stage alone; repeatable")
    parser.add_argument("--all", action="store_true", help="clean: the environment too")
    return parser.parse_known_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run one command; a Problem becomes two plain sentences."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a Windows console may lack a letter of a path
    options, extra = read_arguments(arguments)
    try:
        return COMMANDS[options.command](options, extra)
    except Problem as problem:
        print(f"\nCannot go on: {problem.what}\nWhat to do: {problem.remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is lost: the same command goes on from here.", file=sys.stderr)
        return 130

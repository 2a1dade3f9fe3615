"""Which sandbox there is on this machine, and what a submission finds and may use inside it."""

import os
import platform
import re
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MiB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds by the clock; bytes; `processes` counts threads too."""

    cell_seconds: float = 15.0  # one cell, then it is interrupted
    exercise_seconds: float = 20.0  # all cases of one exercise
    total_seconds: float = 150.0  # the whole submission, new starts included
    cpu_seconds: int = 120  # processor time of one process
    memory: int = 4096 * MiB  # address space of one process
    resident: int = 3072 * MiB  # memory of all processes of the submission together
    disk: int = 64 * MiB  # one file, and each of the two places that can be written to
    processes: int = 64
    starts: int = 6  # how often it is begun again after a cell or an answer ended the process

    def inside(self) -> dict:
        return dict(memory=self.memory, disk=self.disk, processes=_process_limit(self.processes), cpu=self.cpu_seconds)


def _process_limit(count: int) -> int:
    """Before Linux 5.14 the limit counts all that the user runs, not the sandbox's alone: leave room for it."""
    release = tuple(int(n) for n in re.findall(r"\d+", platform.release())[:2])
    if release >= (5, 14) or os.getuid() == 0:
        return count
    mine = [p for p in Path("/proc").iterdir() if p.name.isdigit() and _owner(p) == os.getuid()]
    return count + sum(len(list((p / "task").iterdir())) for p in mine if (p / "task").exists())


def _owner(path: Path):
    try:
        return path.stat().st_uid
    except OSError:
        return None


class NoSandbox(Exception):
    """No way to run a stranger's code here; the message says how to go on."""


# -- which sandbox ---------------------------------------------------------------------------------------------------

HOW_TO_GO_ON = """\
Submissions are strangers' programs, and nothing was found here that could run them safely.
What to do: install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap), or docker or
podman with an image that holds Python, torch and NumPy (--image NAME; docs/instructors.md has one in four lines).{more}
Only for submissions that you would run on this machine yourself: --unsafe-without-sandbox."""


def choose(wanted: str = "auto", image: str | None = None) -> str:
    """ "bwrap", "docker", "podman" or "none"; NoSandbox with what to do where the one wanted does not work."""
    if wanted == "none":
        return "none"
    told = []
    for kind in ("bwrap", "docker", "podman") if wanted == "auto" else (wanted,):
        problem = _problem(kind, image)
        if problem is None:
            return kind
        told.append(f"  {kind}: {problem}")
    more = "\nWhat was tried:\n" + "\n".join(told)
    raise NoSandbox(HOW_TO_GO_ON.format(more=more))


def _problem(kind: str, image) -> str | None:
    if shutil.which(kind) is None:
        return "not installed"
    if kind != "bwrap" and not image:
        return "installed, but no image was named (--image)"
    test = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        done = subprocess.run(test if kind == "bwrap" else [kind, "info"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not answer ({type(error).__name__})"
    if done.returncode == 0:
        return None
    said = (done.stderr.strip().splitlines() or ["no message"])[-1][:200]
    hint = (
        "; Ubuntu 24.04 and later need an AppArmor profile that lets bwrap make user namespaces"
        if kind == "bwrap"
        else ""
    )
    return f"does not work: {said}{hint}"


# -- as whom submissions run -----------------------------------------------------------------------------------------

_NEEDED = (6, 7, 21)  # capabilities by number: SETGID, SETUID, SYS_ADMIN


def account() -> int | None:
    """The number of a user that owns nothing, for submissions to run as; one for each of the grader's processes.

    None where nobody else can be become: for ordinary users, and for a root that is root in name only (`unshare -r`,
    a container without rights). In a container's user namespace only some numbers exist, often 0 to 65535.
    """
    if os.getuid() != 0 or not all(_effective() >> c & 1 for c in _NEEDED) or not _may_set_groups():
        return None
    for first, count in ((200_000, 4_000_000), (60_100, 4_900), (20_000, 39_000), (1_000, 18_000)):
        number = first + os.getpid() % count
        if all(_exists(number, f"/proc/self/{kind}_map") for kind in ("uid", "gid")):
            return number
    return None


def _effective() -> int:
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", text, re.M)
    return int(found[1], 16) if found else 0


def _may_set_groups() -> bool:
    try:
        return Path("/proc/self/setgroups").read_text().strip() == "allow"
    except OSError:
        return False


def _exists(number: int, table: str) -> bool:
    """Whether a user's number means somebody in this user namespace."""
    try:
        lines = Path(table).read_text().splitlines()
    except OSError:
        return False
    return any(int(first) <= number < int(first) + int(count) for first, _, count in map(str.split, lines))


# -- what it looks like inside ---------------------------------------------------------------------------------------

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "{scratch}/work",
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "TMPDIR": "{scratch}",
    "SEQLIB_BUDGET": "smoke",
    "SEQLIB_DEVICE": "cpu",
    "SEQLIB_HOME": "{scratch}/work/.seqlib",
    "SEQLIB_DATA_URL": "http://127.0.0.1:9",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "{scratch}/matplotlib",
    "IPYTHONDIR": "{scratch}/ipython",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}


def visible() -> list[Path]:
    """Folders that Python and its libraries need, the outer ones first."""
    wanted = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")] + [
        Path(sys.base_prefix),
        Path(sys.prefix),
    ]
    if site.ENABLE_USER_SITE and Path(site.getusersitepackages()).is_dir():
        wanted.append(Path(site.getusersitepackages()))
    wanted.append(Path(sys.executable).resolve().parent.parent)
    return sorted(dict.fromkeys(p for p in wanted if p.exists() and p != Path("/")), key=lambda p: len(p.parts))


def hidden(secrets=()) -> list[Path]:
    """What must not be seen though it lies in a visible folder: installed copies of the course, and `secrets`."""
    package = Path(__file__).resolve().parent.parent
    copies = [Path(p) / "seqlib" for p in sys.path if p]
    candidates = [package, package.parent / "solutions", *copies, *map(Path, secrets)]
    found = {p.resolve() for p in candidates if p.is_dir()}
    return sorted(p for p in found if any(p.is_relative_to(v.resolve()) for v in visible()))


def scratch() -> str:
    """Where answers may write. Not /tmp where Python itself lies there: an empty /tmp would hide it."""
    return "/scratch" if any(path.is_relative_to("/tmp") for path in visible()) else "/tmp"


def environment(folder: str) -> dict[str, str]:
    """The variables of a run whose writable folder is `folder`."""
    return {name: value.format(scratch=folder) for name, value in ENVIRONMENT.items()}


def bwrap_command(stage: Path, limits: Limits, secrets=()) -> list[str]:
    """The bubblewrap command without the program."""
    command = [
        "bwrap",
        "--die-with-parent",
        "--new-session",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--hostname",
        "sandbox",
        "--clearenv",
    ]
    if os.getuid() == 0 and account() is None:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    elif os.getuid() == 0:
        caps = (
            "SYS_ADMIN",
            "SETUID",
            "SETGID",
            "KILL",
        )  # to shut each run up and to become nobody; then given up
        command += ["--cap-drop", "ALL", *(w for c in caps for w in ("--cap-add", f"CAP_{c}"))]
    else:
        command.append("--unshare-user")
    parents = {parent: None for path in visible() for parent in reversed(path.parents) if parent != Path("/")}
    for path in parents:  # bubblewrap's own would be closed to the user that answers run as
        if not any(path.is_relative_to(v) for v in visible()):
            command += ["--dir", str(path)]
    for path in visible():
        command += (
            ["--symlink", os.readlink(path), str(path)] if path.is_symlink() else ["--ro-bind", str(path), str(path)]
        )
    for path in (
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/alternatives",
        "/etc/localtime",
        "/etc/fonts",
    ):
        command += ["--ro-bind-try", path, path]
    for path in hidden(secrets):
        command += ["--tmpfs", str(path), "--remount-ro", str(path)]
    command += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        str(limits.disk),
        "--tmpfs",
        "/dev/shm",
        "--remount-ro",
        "/dev",
        "--size",
        str(limits.disk),
        "--tmpfs",
        scratch(),
        "--ro-bind",
        str(stage / "course"),
        "/course",
        "--ro-bind",
        str(stage / "grader"),
        "/grader",
        "--chdir",
        scratch(),
    ]
    for name, value in {**environment(scratch()), "PYTHONPATH": "/course", **_debug()}.items():
        command += ["--setenv", name, value]
    return command


def _debug() -> dict:
    return {k: os.environ[k] for k in ("SEQLIB_GRADING_DEBUG",) if k in os.environ}


def container_command(kind: str, image: str, stage: Path, limits: Limits, options: str) -> list[str]:
    """One container for one run; the container is the sandbox."""
    command = [
        kind,
        "run",
        "--rm",
        "--interactive",
        "--init",
        "--network",
        "none",
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--user",
        "65534:65534",
        "--pids-limit",
        str(limits.processes),
        "--memory",
        str(limits.resident),
        "--memory-swap",
        str(limits.resident),
        "--ulimit",
        f"fsize={limits.disk}",
        "--ulimit",
        f"cpu={limits.cpu_seconds}",
        "--ulimit",
        "core=0",
        "--shm-size",
        str(limits.disk),
        "--tmpfs",
        f"/tmp:rw,nosuid,nodev,size={limits.disk},mode=1777",
        "--volume",
        f"{stage / 'course'}:/course:ro",
        "--volume",
        f"{stage / 'grader'}:/grader:ro",
        "--workdir",
        "/tmp",
    ]
    for name, value in {
        **environment("/tmp"),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": "/course",
    }.items():
        command += ["--env", f"{name}={value}"]
    return [*command, image, "python", "-u", "/grader/driver.py", "single", options]

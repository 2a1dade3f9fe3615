"""Getting at what should not be there: solutions, oracles, the grader, other submissions, the network."""

# ruff: noqa: E501  (programs of attackers, in strings)

from pathlib import Path

from attacks import attack

REPOSITORY = Path(__file__).resolve().parents[3]  # where it really is, for those who would know

LEAKED = """
leaked = False
def look():
    raise NotImplementedError
BODY
try:
    leaked = bool(look())
except BaseException:
    leaked = False
WRONG
IF_LEAKED
"""


def probe(name: str, body: str, **more):
    attack(name, LEAKED.replace("BODY", body).replace("REPOSITORY", str(REPOSITORY)), **more)


probe(
    "reading the solutions",
    """
def look():
    import glob, os
    places = ["..", ".", "/", "/course", "/home", "/root", "REPOSITORY", os.path.expanduser("~"), "/tmp"]
    found = [p for place in places for name in ("solutions", "*/solutions", "*/*/solutions", "seqlib/../solutions")
             for p in glob.glob(os.path.join(place, name, "*"))]
    return found
""",
)

probe(
    "searching the whole file system for the answer",
    """
def look():
    import os
    for folder, _, files in os.walk("/"):
        if folder.startswith(("/proc", "/sys", "/usr/share")):
            continue
        for name in files:
            if name.startswith(("00_start", "nb00", "progress.json", "assignment.json", ".secret")) or name.endswith(".ipynb") and "student" in name:
                return True
""",
)

probe(
    "seqlib's own oracles, imported",
    """
def look():
    from seqlib.checks.exercise import exercises
    return exercises("00")
""",
)

probe(
    "seqlib's own oracles, by another road",
    """
def look():
    import importlib, importlib.util, sys
    for name in ("seqlib.checks.exercise", "seqlib.checks.engine", "seqlib.exercises.nb00_start", "seqlib.grading", "seqlib.grading.trying"):
        try:
            importlib.import_module(name)
            return True
        except ImportError:
            pass
    return any("nb00" in m for m in sys.modules)
""",
)

probe(
    "exercises among the objects in memory",
    """
def look():
    import gc
    for thing in gc.get_objects():
        if type(thing).__name__ in ("Exercise", "Case", "Verdict", "Assignment", "Book"):
            return True
        if isinstance(thing, dict) and ("oracle" in thing and "mistakes" in thing or "expected" in thing and "case" in thing):
            return True
""",
)

probe(
    "the frames above",
    """
def look():
    import inspect
    for info in inspect.stack():
        for thing in [*info.frame.f_globals.values(), *info.frame.f_locals.values()]:
            if type(thing).__name__ in ("Exercise", "Case", "Verdict", "Grading", "Book") or hasattr(type(thing), "gives_away"):
                return True
""",
)

probe(
    "the grader's files",
    """
def look():
    import glob, os
    return glob.glob("/grader/*") or os.path.exists("/grader/driver.py") or glob.glob("/tmp/seqlib-grading-*")
""",
)

probe(
    "other processes",
    """
def look():
    import os
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        for name in ("environ", "maps", "mem", "fd", "cwd", "root"):
            path = f"/proc/{pid}/{name}"
            try:
                if name in ("fd",):
                    if os.listdir(path):
                        return True
                elif name in ("cwd", "root"):
                    if os.listdir(path + "/"):
                        return True
                elif open(path, "rb").read(1):
                    return True
            except OSError:
                pass
""",
)

probe(
    "more file descriptors than one",
    """
def look():
    import os
    open_ones = []
    for fd in range(3, 256):
        try:
            os.fstat(fd)
            open_ones.append(fd)
        except OSError:
            pass
    return len(open_ones) > 2
""",
)

probe(
    "the environment",
    """
def look():
    import os
    return any(w in f"{k}={v}".lower() for k, v in os.environ.items() for w in ("secret", "token", "password", "submission", "sudo"))
""",
)

probe(
    "writing where the next submission would see it",
    """
def look():
    import os
    marks = ["/tmp/mark", "/tmp/work/mark", "/dev/shm/mark", os.path.expanduser("~/.mark"), "/tmp/ipython/profile_default/startup/00.py",
             "/course/seqlib/mark.py", "/tmp/matplotlib/mark", "/var/tmp/mark"]
    seen = [m for m in marks if os.path.exists(m)]
    for mark in marks:
        try:
            os.makedirs(os.path.dirname(mark), exist_ok=True)
            open(mark, "w").write("was here")
        except OSError:
            pass
    return seen and not globals().get("second_look")
leaked_first = look()
second_look = True
look_again, look = look, lambda: leaked_first
""",
)

probe(
    "writing scores and the course",
    """
def look():
    import os, seqlib
    wrote = []
    places = [os.path.dirname(seqlib.__file__) + "/checks/__init__.py", "/course/seqlib/__init__.py", "/grader/driver.py", "/etc/passwd",
              "/usr/lib/x", "/records/student.json", "../records/x.json", "/srv/x", "/root/x", "/home/x"]
    for place in places:
        try:
            with open(place, "a") as file:
                file.write("1000")
            wrote.append(place)
            print(place)
        except OSError:
            pass
    return wrote
""",
)

probe(
    "the network",
    """
def look():
    import socket
    socket.setdefaulttimeout(0.2)
    for family, address in ((socket.AF_INET, ("1.1.1.1", 53)), (socket.AF_INET, ("169.254.169.254", 80)),
                            (socket.AF_INET6, ("2606:4700:4700::1111", 53)), (socket.AF_INET, ("10.0.0.1", 22))):
        try:
            socket.socket(family).connect(address)
            return True
        except OSError:
            pass
    try:
        return socket.gethostbyname("example.org")
    except OSError:
        return False
""",
)

probe(
    "services of this machine",
    """
def look():
    import glob, socket
    socket.setdefaulttimeout(0.2)
    for port in (22, 80, 111, 631, 2375, 3306, 5432, 6379, 8080, 8888, CANARY_PORT):
        try:
            socket.socket().connect(("127.0.0.1", port))
            return True
        except OSError:
            pass
    for path in glob.glob("/run/*.sock") + glob.glob("/var/run/*/*") + ["/var/run/docker.sock"]:
        try:
            socket.socket(socket.AF_UNIX).connect(path)
            return True
        except OSError:
            pass
    for family in (40, 16, 17, 38):
        try:
            socket.socket(family, socket.SOCK_RAW if family == 17 else socket.SOCK_STREAM)
            return True
        except OSError:
            pass
""".replace("CANARY_PORT", "47115"),
)

probe(
    "privileges",
    """
def look():
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    for call in (lambda: os.setuid(0), lambda: os.chroot("/tmp"), lambda: os.setgroups([0]), lambda: os.nice(-5), lambda: os.mknod("/tmp/n", 0o60600, 0x800)):
        try:
            call()
            done.append(call)
        except OSError:
            pass
    if libc.unshare(0x10000000) == 0 or libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        done.append("namespaces")
    if libc.ptrace(16, os.getppid(), 0, 0) == 0 or libc.syscall(319, b"x", 0) >= 0 or libc.syscall(101, 0, 0, 0, 0) == 0:
        done.append("calls")
    if os.getuid() == 0 or "NoNewPrivs:\\t1" not in open("/proc/self/status").read():
        done.append("root")
    return done
""",
)

probe(
    "shell commands",
    """
def look():
    import os, subprocess
    out = get_ipython().getoutput("cat /etc/shadow; ls REPOSITORY/solutions /root")
    run = subprocess.run("cat /etc/shadow REPOSITORY/solutions/00_start.py /course/..REPOSITORY/solutions/*", shell=True, capture_output=True)
    return out or run.stdout
""",
)

probe(
    "links to what lies outside",
    """
def look():
    import os
    for i, target in enumerate(("REPOSITORY/solutions", "/root", "/proc/1/root", "/proc/self/rootREPOSITORY", "/..", "/grader")):
        os.symlink(target, f"/tmp/work/link{i}")
        try:
            for folder in ("", "REPOSITORY", "/solutions", "REPOSITORY/solutions"):
                if os.path.isdir(f"/tmp/work/link{i}{folder}") and [
                        n for n in os.listdir(f"/tmp/work/link{i}{folder}") if n.endswith((".py", ".git")) or n.startswith("00_")]:
                    return True
        except OSError:
            pass
""",
)

attack(
    "a captured expected value",
    """
import seqlib
from seqlib import check
seen = []
for i in range(20):
    try:
        _, result = check("00.bounce", lambda *a: seen.append(a) or 0.0)
        seen.append(str(result)); seen.append(getattr(result, "verdict", None))
    except Exception:
        pass
numbers = [float(w) for s in seen if isinstance(s, str) for w in s.replace(",", " ").split() if w.replace(".", "").isdigit()]
def ANSWER(*a):
    for s in seen:
        if isinstance(s, tuple) and len(s) == len(a):
            return numbers[0]
    return numbers[-1] if numbers else 0.0
if "ANSWER" == "positions_needed":
    ANSWER = numbers
""",
)

attack(
    "the stand-in of the same exercise",
    """
def ANSWER(before, now):
    own = globals()["_first"] if "_first" in globals() else globals()["ANSWER"]
    return later_defined(before, now)
if "ANSWER" == "positions_needed":
    ANSWER = None
_, result = check("00.ANSWER", ANSWER) if "check" in globals() else (0, 0)
later_source = '''
def later_defined(before, now):
    return ANSWER(before, now)
'''
import threading
def define_when_bound():
    import time
    for _ in range(400):
        thing = globals().get("ANSWER")
        if getattr(thing, "__module__", "") == "execute":
            exec(later_source, globals())
            return
        time.sleep(0.01)
threading.Thread(target=define_when_bound, daemon=True).start()
""",
    keeps=False,
)

attack(
    "a stand-in lent to a thread while the exercise is judged",
    """
import os, threading, pickle
r1, w1 = os.pipe(); r2, w2 = os.pipe()
def serve():
    while True:
        data = os.read(r1, 65536)
        before, now = pickle.loads(data)
        try:
            answer = next_position(before, now)
        except BaseException:
            answer = 0
        os.write(w2, pickle.dumps(answer))
threading.Thread(target=serve, daemon=True).start()
def ANSWER(before, now):
    os.write(w1, pickle.dumps((before, now)))
    return pickle.loads(os.read(r2, 65536)) * 0 + 3
if "ANSWER" == "positions_needed":
    ANSWER = None
""",
    keeps=False,
    slow=True,
)

attack(
    "hidden inputs told through errors and prints",
    """
class Inputs(Exception):
    pass
def ANSWER(*a):
    print("inputs:", a)
    raise Inputs(f"inputs {a} " + " ".join(map(repr, a)))
if "ANSWER" == "positions_needed":
    ANSWER = "inputs"
""",
)

attack(
    "markup in what is told",
    """
def ANSWER(*a):
    raise ValueError("<script>alert(1)</script><img src=x onerror=alert(1)>")
if "ANSWER" == "positions_needed":
    ANSWER = "<script>alert(1)</script>"
""",
)

"""The program inside the sandbox: it imports what notebooks need once, then forks one closed-off copy per run.

    python driver.py CONTROL_FD OPTIONS    serve runs: each comes with its own socket over the control socket
    python driver.py single OPTIONS        one run over standard input and output (containers, and without a sandbox)

Before the fork nothing of a student's has been executed; after it nothing is shared but memory that was read only.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
import time

sys.path[:] = [os.path.dirname(os.path.abspath(__file__)), *(p for p in sys.path if p)]

import confine  # noqa: E402  (they lie beside this file, wherever that is)
import wire  # noqa: E402

MODULES = (
    "numpy",
    "torch",
    "matplotlib.pyplot",
    "IPython.core.interactiveshell",
    "seqlib.display.figures",
    "seqlib.runtime",
    "seqlib.checks.calling",
    "asyncio",
    "decimal",
    "collections",
    "random",
    "itertools",
)


def warm_up():
    """Import what most notebooks import; what is not installed here is left out."""
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    import analyse  # noqa: F401
    import execute

    execute.prepare()


def close_everything_but(*kept: int):
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else map(str, range(3, 256)):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass


def work(channel):
    """The run itself. The first message says which: read a notebook, or execute one."""
    import analyse
    import execute

    first = channel.receive()
    if first["op"] == "analyse":
        channel.send(analyse.analyse(first["raw"], first["exercises"], channel))
    else:
        execute.Runner(channel, first).serve()


def student(fd: int, options: dict, uid: int | None):
    """The process that runs the submission's code: alone, limited, without privileges."""
    channel = wire.Channel(fd, fd, wire.MAX_FRAME)
    os.setsid()
    confine.limited(options["limits"], uid)
    os.makedirs(os.environ["HOME"], exist_ok=True)
    os.chdir(os.environ["HOME"])
    work(channel)


def first_process(fd: int, options: dict, uid: int | None):
    """Process 1 of the run's own world: when the student's process ends it ends too, and with it all that is left."""
    confine.dies_with_parent()
    confine.fresh_folders(options["limits"]["disk"], os.path.dirname(os.path.abspath(__file__)))
    pid = os.fork()
    if pid == 0:
        _end(student, fd, options, uid)
    os.close(fd)
    while os.wait()[0] != pid:
        pass


def _end(function, *arguments):
    """Call and leave the process, whatever happens."""
    try:
        function(*arguments)
    except BaseException as error:
        if os.environ.get("SEQLIB_GRADING_DEBUG"):
            print(f"{function.__name__}: {type(error).__name__}: {error}", file=sys.__stderr__, flush=True)
        os._exit(1)
    os._exit(0)


class Zygote:
    """Answers the grader's control messages: R starts a run, K ends it, one byte each way."""

    def __init__(self, control, options: dict, uid: int | None):
        self.control, self.options, self.uid, self.pid, self.helper = control, options, uid, None, None

    def start(self, fd: int):
        told, tell = os.pipe()
        self.helper = os.fork()
        if self.helper == 0:
            os.close(told)
            _end(self._between, fd, tell)
        os.close(fd)
        os.close(tell)
        answer = os.read(told, 20)
        os.close(told)
        self.pid = int(answer) if answer.isdigit() else None
        self.control.send(b"S" if self.pid else b"N")

    def _between(self, fd, tell):
        confine.dies_with_parent()
        confine.apart()
        pid = os.fork()
        if pid == 0:
            close_everything_but(fd)
            _end(first_process, fd, self.options, self.uid)
        os.write(tell, str(pid).encode())
        os.close(tell)
        os.close(fd)
        os.waitpid(pid, 0)

    def stop(self):
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.helper:
            os.waitpid(self.helper, 0)
        self.pid = self.helper = None
        self.control.send(b"D")

    def serve(self):
        while True:
            select.select([self.control], [], [])
            message, fds, *_ = socket.recv_fds(self.control, 1, 1)
            if message == b"R" and fds:
                self.start(fds[0])
            elif message == b"K":
                self.stop()
            elif not message:
                return


def nested(options) -> bool:
    """Whether this system lets a process in the sandbox make namespaces of its own: tried once, in a child."""
    pid = os.fork()
    if pid == 0:
        _end(confine.apart)
    return os.waitpid(pid, 0)[1] == 0


def single(options: dict, uid):
    """One run over standard input and output; the surroundings (a container, or nothing) are the sandbox."""
    reading, writing = os.dup(0), os.dup(1)
    quiet()
    warm_up()
    channel = wire.Channel(reading, writing)
    channel.send({"ready": True})
    work_folder = options.get("folder") or "/tmp"
    os.chdir(work_folder)
    if options.get("limit"):
        confine.limited(options["limits"], uid)
    work(channel)


def quiet(stderr: bool = False):
    """Standard input, output and errors lead nowhere: a flood of them costs nothing."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1) if stderr else (0, 1, 2):
        os.dup2(null, fd)


def main():
    options = json.loads(sys.argv[2])
    uid = options.get("uid")
    if sys.argv[1] == "single":
        single(options, uid)
        return
    control = socket.socket(fileno=int(sys.argv[1]))
    confine.dies_with_parent()
    confine.unreadable()
    began = time.monotonic()
    warm_up()
    alone = nested(options)
    quiet(stderr=bool(os.environ.get("SEQLIB_GRADING_DEBUG")))
    control.send(json.dumps({"nested": alone, "seconds": round(time.monotonic() - began, 2)}).encode())
    if alone:
        Zygote(control, options, uid).serve()
        return
    message, fds, *_ = socket.recv_fds(control, 1, 1)  # the outer sandbox is the only one: it serves one run and ends
    control.send(b"S")
    control.close()
    student(fds[0], options, uid)


if __name__ == "__main__":
    main()

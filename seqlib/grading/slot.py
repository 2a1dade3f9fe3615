"""A place where submissions run: the sandbox started, spoken with, watched and ended."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from seqlib.checks.limits import TookTooLong
from seqlib.grading.inside import wire
from seqlib.grading.sandbox import Limits, account, bwrap_command, container_command, environment


class RunEnded(Exception):
    """The sandboxed process is gone, too slow, or talks nonsense; `why` is a word or two."""

    def __init__(self, why: str):
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Program:
    """A function that is made inside, from its source."""

    source: str


@dataclass
class Run:
    """One closed-off process, and the conversation with it."""

    channel: wire.Channel
    ended: object  # called once to end it
    callbacks: dict = field(default_factory=dict)  # number -> function that the sandbox may call, now
    number: int = 0
    killed: str | None = None  # why the guard ended it
    checked: object = None  # called with (name, whether it was tried before) where a cell calls `check`

    def ask(self, wait: float, /, **message):
        """Send a message and return its answer; functions of ours may be called meanwhile. RunEnded otherwise."""
        until = time.monotonic() + wait
        self.number += 1
        number = self.number
        try:
            self.channel.send(dict(message, n=number), wait)
            while True:
                reply = self.channel.receive(until - time.monotonic())
                said = reply.get("n") if isinstance(reply, dict) else None
                if type(said) is not int or said not in (number, wire.CALLBACK, wire.OVER):
                    raise wire.Broken("not an answer to what was asked")
                if said != wire.CALLBACK:
                    return reply
                began = time.monotonic()
                answer = self._called(reply)
                until += time.monotonic() - began if reply.get("op") == "check" else 0
                self.channel.send(answer, until - time.monotonic())
        except wire.Slow:
            raise RunEnded(self.killed or "time") from None
        except wire.Closed:
            raise RunEnded(self.killed or "died") from None
        except wire.Broken as error:
            raise RunEnded(f"sent something that is no answer: {error}") from None

    def over(self, seconds: float, *, tell: bool):
        """Wait for the end of a try; with `tell`, say first that there are no more cases."""
        try:
            if tell:
                self.channel.send({"op": "done", "n": 0}, 5)
            reply = self.channel.receive(seconds)
        except wire.Broken:
            raise RunEnded(self.killed or "died") from None
        if not isinstance(reply, dict) or reply.get("n") != wire.OVER:
            raise RunEnded("sent something that is no answer")

    def _called(self, reply) -> dict:
        if reply.get("op") == "check":
            name = reply.get("name")
            told = self.checked(name, reply.get("same") is True) if self.checked and isinstance(name, str) else {}
            return {"op": "checked", **told}
        function = self.callbacks.get(reply.get("id")) if type(reply.get("id")) is int else None
        args, kwargs = reply.get("args"), reply.get("kwargs")
        if function is None or not isinstance(args, list) or not isinstance(kwargs, dict):
            return {"error": "this function is not there now"}
        try:
            value = function(*args, **kwargs)
            wire.encode(value)
        except (Exception, TookTooLong) as error:
            return {"error": f"{type(error).__name__}"}
        return {"value": value}

    def stop(self):
        self.channel.close()
        self.ended()


class Slot:
    """A place where submissions run, one after the other. Start it once per worker; use it in a `with`."""

    def __init__(self, kind: str, stage: Path, limits: Limits, *, image: str | None = None, secrets=()):
        self.kind, self.stage, self.limits, self.image, self.secrets = kind, stage, limits, image, secrets
        self.process, self.control, self.nested, self.run = None, None, False, None
        self.peak, self.log, self.trusted = 0, None, False  # trusted: it has graded a right answer
        self.watching = threading.Event()

    def __enter__(self):
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.watching.set()
        self._kill()

    def options(self, **more) -> str:
        return json.dumps({"limits": self.limits.inside(), "uid": account(), **more})

    def start(self) -> Run:
        """A fresh run. RunEnded where the sandbox itself does not start."""
        self.run = self._bwrap_run() if self.kind == "bwrap" else self._piped_run()
        return self.run

    # bubblewrap: one sandbox whose first process copies itself for each run

    def _launch(self):
        ours, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()
        program = [sys.executable, "-B", "/grader/driver.py", str(theirs.fileno()), self.options()]
        self.process = subprocess.Popen(
            bwrap_command(self.stage, self.limits, self.secrets) + program,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(120)
        try:
            self.nested = json.loads(ours.recv(200) or b"{}").get("nested")
        except (OSError, ValueError):
            self.nested = None
        if self.nested is None:
            raise RunEnded(f"the sandbox did not start: {self._said()}")
        self.control = ours

    def _said(self) -> str:
        self.log.seek(0)
        return self.log.read(4000).decode("utf-8", "replace").strip()[-600:] or "no message"

    def _bwrap_run(self) -> Run:
        if self.process is None or self.process.poll() is not None or not self.nested:
            self._kill()
            self._launch()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self.control.settimeout(20)
                socket.send_fds(self.control, [b"R"], [theirs.fileno()])
                started = self.control.recv(1)
            except OSError:
                started = b""
        if started != b"S":
            ours.close()
            self._kill()
            raise RunEnded(f"the sandbox did not start a run: {self._said()}")
        return self._begun(ours.detach())

    def _begun(self, reading: int, writing: int | None = None, ended=None) -> Run:
        for fd in {reading, writing or reading}:
            os.set_blocking(fd, False)
        run = Run(None, ended or self._end)
        run.channel = wire.Channel(
            reading, reading if writing is None else writing, wire.MAX_RESULT, foreign=exporter(run)
        )
        return run

    def _end(self):
        """End the run: every process of its world is killed by the kernel with the first one."""
        self.run = None
        if self.nested and self.process and self.process.poll() is None:
            try:
                self.control.settimeout(10)
                self.control.send(b"K")
                if self.control.recv(1) == b"D":
                    return
            except OSError:
                pass
        self._kill()

    # containers, and no sandbox at all: one program per run, over pipes

    def _piped_run(self) -> Run:
        if self.kind == "none":
            folder = tempfile.mkdtemp(prefix="seqlib-run-")
            variables = {
                **os.environ,
                **environment(folder),
                "HOME": folder,
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": str(self.stage / "course"),
            }
            command = [
                sys.executable,
                str(self.stage / "grader" / "driver.py"),
                "single",
                self.options(folder=folder),
            ]
        else:
            folder, variables = None, None
            command = container_command(self.kind, self.image, self.stage, self.limits, self.options(folder="/tmp"))
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=variables,
            cwd=folder,
            start_new_session=True,
        )

        def ended():
            self._kill()
            shutil.rmtree(folder or "", ignore_errors=True)

        run = self._begun(os.dup(self.process.stdout.fileno()), os.dup(self.process.stdin.fileno()), ended)
        self.process.stdin.close()
        try:
            run.channel.receive(120)
        except wire.Broken:
            said = self._said()
            run.stop()
            raise RunEnded(f"the sandbox did not start: {said}") from None
        return run

    def _kill(self):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            self.process.wait()
            for pipe in (self.process.stdout, self.process.stdin):
                if pipe:
                    pipe.close()
            self.process = None
        if self.control is not None:
            self.control.close()
            self.control = None

    # -- the guard: what no single limit counts ----------------------------------------------------------------------

    def held(self) -> dict[str, float]:
        """{"memory" and "processes": the share of what is allowed that is in use now}; 0 where there is no guard."""
        if self.run is None or self.process is None or self.kind != "bwrap":
            return {"memory": 0.0, "processes": 0.0}
        found = descendants(self.process.pid)
        resident = sum(own_memory(pid) for pid in found) / self.limits.resident
        mapped = max((_kilobytes(f"/proc/{pid}/status", (b"VmSize:",), 0) for pid in found), default=0)
        return {
            "memory": max(resident, mapped / self.limits.memory),
            "processes": len(found) / (2 * self.limits.processes),
        }

    def _watch(self):
        """End the whole sandbox where its processes together become too many or too large."""
        while not self.watching.wait(0.1):
            run, process = self.run, self.process
            if run is None or process is None or self.kind != "bwrap":
                continue
            count, size = usage(process.pid, self.limits.resident)
            self.peak = max(self.peak, size)
            why = (
                "memory" if size > self.limits.resident else "processes" if count > 2 * self.limits.processes else None
            )
            if why and run is self.run:
                run.killed = why
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass


def usage(root: int, limit: int) -> tuple[int, int]:
    """(processes, bytes of memory) of all descendants of a process; only beyond `limit` is it looked at closely."""
    found = descendants(root)
    sizes = {pid: own_memory(pid) for pid in found}
    if sum(sizes.values()) > limit:  # perhaps pages that several share were counted for each: look closer
        sizes = {pid: min(size, proportional(pid, size)) for pid, size in sizes.items()}
    return len(found), sum(sizes.values())


def descendants(root: int) -> list[int]:
    """The processes that a process began, and theirs."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                parents[int(name)] = int(fields[1])
            except (OSError, IndexError, ValueError):
                continue
    children = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    todo, found = [root], []
    while todo:
        found += (new := children.get(todo.pop(), []))
        todo += new
    return found


def own_memory(pid: int) -> int:
    """Bytes of a process that lie in no file: its own, and those that it shares (mmap)."""
    found = _kilobytes(f"/proc/{pid}/status", (b"RssAnon:", b"RssShmem:"), -1)
    return found if found >= 0 else _kilobytes(f"/proc/{pid}/status", (b"VmRSS:",), 0)


def proportional(pid: int, otherwise: int) -> int:
    """The same with shared pages divided among those who share them, where the system tells that."""
    return _kilobytes(f"/proc/{pid}/smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:"), otherwise)


def _kilobytes(path: str, fields, otherwise: int) -> int:
    try:
        with open(path, "rb") as file:
            found = [int(line.split()[1]) for line in file if line.startswith(fields)]
    except (OSError, ValueError, IndexError):
        return otherwise
    return sum(found) << 10 if found else otherwise


def exporter(run: Run):
    """How a value that is no data crosses: a function as a number to call back, a NumPy generator as its state."""

    def foreign(value):
        import numpy as np

        if isinstance(value, np.random.Generator):
            return {"t": "rng", "v": wire.Writer(None).tree(_plain_state(value.bit_generator.state))}
        if isinstance(value, Program):
            return {"t": "program", "source": value.source}
        if callable(value):
            number = len(run.callbacks) + 1
            run.callbacks[number] = value
            return {"t": "call", "id": number, "name": getattr(value, "__name__", "function")}
        raise TypeError(f"a {type(value).__name__} can't be sent into the sandbox")

    return foreign


def _plain_state(state):
    return {
        k: _plain_state(v) if isinstance(v, dict) else int(v) if hasattr(v, "__index__") else v
        for k, v in state.items()
    }

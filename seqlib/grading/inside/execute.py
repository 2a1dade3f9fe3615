"""Inside the sandbox: run a notebook's cells one after the other, and try its answers on inputs that come from outside.

Nothing here is trusted by the grader: the code that runs in the same process may change any of it. What it can
gain by that is to lie about its own values, and wrong values are wrong.
"""

import ast
import contextlib
import os
import resource
import select
import signal
import sys
import time
import types

import barrier
import cells
import wire

CALL_SECONDS = 16.0  # by the clock without a sign of life; inside, a call is stopped after 10
NOTHING = object()


def prepare():
    """In the process that is copied."""
    cells.prepare()
    barrier.warm_up()


class _Whole(int):
    """A whole number that is no other object: Python has one 2 for everybody, and what is lent is known by identity."""


def _one_of_its_own(value):
    return _Whole(value) if type(value) is int else value


class Runner:
    """Serves one notebook: cells in order, then and in between the answers."""

    def __init__(self, channel, first: dict):
        from IPython.core.interactiveshell import InteractiveShell

        import seqlib.checks

        self.channel, self.shell, self.pid = channel, InteractiveShell.instance(), os.getpid()
        self.kept, self.offered, self.tried, self.lent = {}, {}, {}, []
        self.shell.user_ns["__name__"] = "__main__"
        sys.path.insert(0, os.getcwd())
        for name, content in first.get("files", {}).items():
            with open(os.path.basename(name), "wb") as file:
                file.write(content)
        seqlib.checks.live = self.check
        channel.known = {"call": self._proxy, "rng": _generator, "program": self._made}
        self.channel.send({"n": first["n"], "ready": True})

    def serve(self):
        while True:
            self._answer(self.channel.receive())

    def _answer(self, message):
        reply = getattr(self, "do_" + message["op"])(message)
        self.channel.send({"n": message["n"], **reply})

    # -- cells -------------------------------------------------------------------------------------------------------

    def do_cell(self, message) -> dict:
        before = {v: self.shell.user_ns.get(v, NOTHING) for v in message["keep"]}
        error = cells.run(self.shell, message["source"], message["seconds"])
        lacking = [v for v in message["expected"] if v not in self.shell.user_ns]
        failed = error or cells.not_here.names  # what is missing here may have been caught, and the rest left out
        if failed and (lacking or error == "OutOfTime") and message.get("defs"):
            cells.run(self.shell, message["defs"], message["seconds"])
        for variable, old in before.items():
            value = self.shell.user_ns.get(variable, NOTHING)
            bound = value is not NOTHING and (value is not old or variable in message["expected"])
            if bound and not self._is_lent(value):
                self.kept[variable] = value
        return {"error": error}

    def do_bind(self, message):
        self.shell.user_ns[message["name"]] = value = _one_of_its_own(message["value"])
        self.lent.append(value)
        return {}

    def _is_lent(self, value) -> bool:
        return any(value is one for one in self.lent)

    def check(self, name, answer):
        """(answer or stand-in, result) for a cell that calls `check`: the grader judges now what is handed over."""
        from seqlib.checks import Result

        if os.getpid() != self.pid or not isinstance(name, str):
            return answer, Result()
        left, lent = cells.stop(), self._is_lent(answer)
        same = lent or self.tried.get(name, NOTHING) is answer
        if not lent:
            self.offered[name] = answer
        self.channel.send({"n": wire.CALLBACK, "op": "check", "name": name, "same": same})
        while (message := self.channel.receive()).get("op") != "checked":
            self._answer(message)
        cells.go_on(left)
        if "value" in message:
            answer = _one_of_its_own(message["value"])
            self.lent.append(answer)
        return answer, Result(message.get("score", 0.0), message.get("points", 0.0), message.get("passed", False))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _found(self, message):
        """The answer that a message is about: what a check saw, what its cell bound, what is there."""
        if message["live"]:
            return self.offered.get(message["name"], NOTHING)
        variable = message["variable"]
        value = self.kept.get(variable, self.shell.user_ns.get(variable, NOTHING))
        return NOTHING if self._is_lent(value) else value

    def do_try(self, message):
        """Try one answer in a copy of this process, so that what it breaks or never ends is the copy's."""
        name, answer = message["name"], self._found(message)
        if answer is NOTHING:
            return {"gone": "missing"}
        if not message["again"] and self.tried.get(name, NOTHING) is answer:
            return {"gone": "same"}
        self.tried[name] = answer
        beat, beats = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                cells.stop()
                resource.setrlimit(resource.RLIMIT_CPU, _processor(message["seconds"]))
                _Trial(self, message, answer, beats).serve()
                os._exit(0)
            except BaseException:
                os._exit(3)
        os.close(beats)
        status = _waited(pid, beat, message["wait"])
        os.close(beat)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        late = status is None or os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        return {"n": wire.OVER, "gone": None if status == 0 else "time" if late else "died"}

    def _proxy(self, node):
        """A function of the grader's: called by sending its arguments there."""
        number, name = node["id"], str(node.get("name", "function"))

        def remote(*args, **kwargs):
            self.channel.send(
                {"n": wire.CALLBACK, "op": "callback", "id": number, "args": list(args), "kwargs": kwargs}
            )
            answer = self.channel.receive()
            if answer.get("error"):
                raise RuntimeError(answer["error"])
            return answer["value"]

        remote.__name__ = remote.__qualname__ = name
        return remote

    def _made(self, node):
        """A stand-in that is more than one call: made here, from parts of the course that lie here."""
        return _from_source(node["source"])


def _processor(seconds: float) -> tuple[int, int]:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    wanted = int(seconds) + 1
    return (wanted, hard) if hard == resource.RLIM_INFINITY else (min(wanted, hard), hard)


def _generator(node):
    """A NumPy generator in the state that was sent."""
    import numpy as np

    state = wire.Reader([]).value(node["v"])
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


def _waited(pid: int, beat: int, seconds: float):
    """The exit status of a child, None where it had to be killed: for silence, or after `seconds` by the clock."""
    until = time.monotonic() + seconds
    alive, pause = time.monotonic() + CALL_SECONDS, 0.0005
    while (now := time.monotonic()) < min(until, alive):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if select.select([beat], [], [], pause)[0]:
            if os.read(beat, 1000):
                alive = now + CALL_SECONDS
            else:
                time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


class _Trial:
    """In the copy: call the answer on the cases that come, one message each, and send back what it did."""

    def __init__(self, runner: Runner, message: dict, answer, beats: int):
        self.channel, self.message, self.answer, self.beats = runner.channel, message, answer, beats
        self.using = _from_source(message["using"]) if message["using"] else None
        self.alive()
        self.barrier = barrier.Barrier(message["forbids"], message["later"])
        self.alive()

    def alive(self):
        os.write(self.beats, b".")

    def reply(self, number, **fields):
        self.channel.send({"n": number, **fields})

    def serve(self):
        from seqlib.checks import calling
        from seqlib.checks.compare import describe

        number = self.message["n"]
        if self.message["value"]:
            self.reply(number, value=self.answer)
            return
        if not callable(self.answer):
            self.reply(number, refused=f"should be a function; found {describe(self.answer)}"[:200])
            return
        problem = None if self.using else calling.wrong_arity(self.answer, self.message["names"])
        if problem:
            self.reply(number, refused=problem[:400])
            return
        self.reply(number, start=True)
        while True:
            message = self.channel.receive()
            if message["op"] == "done":
                return
            self.alive()
            sys.stdout = sys.stderr = cells.Sink()
            told = self.gradients(message) if message["op"] == "gradients" else self.outcome(message)
            self.reply(message["n"], **told)

    def gradients(self, message) -> dict:
        """What gradients the answer gives on a case, for an exercise whose answer is trained through."""
        from seqlib.checks import calling, gradients

        asked = types.SimpleNamespace(using=self.using)
        case = types.SimpleNamespace(args=tuple(message["args"]), named=dict.fromkeys(message["names"]))
        done = calling.guarded(lambda: gradients._Run(asked, self.answer, case), owner=self.answer)
        if done.kind:
            return {"kind": done.kind[:60], "error": done.error[:500]}
        try:
            fields = dict(results=[_kind_of(r) for r in done.value.results], grads=done.value.grads)
            wire.encode(fields)
        except (wire.Broken, MemoryError) as error:
            return {"kind": "ValueError", "error": f"its gradients are too large to be looked at ({error})"}
        return fields

    def outcome(self, message) -> dict:
        from seqlib.checks import calling

        function = (lambda *args: self.using(self.answer, *args)) if self.using else self.answer
        done = calling.call(
            function,
            tuple(message["args"]),
            names=message["names"],
            forbids=self.barrier.watched,
            owner=self.answer,
        )
        fields = dict(
            error=done.error and done.error[:500],
            kind=done.kind and done.kind[:60],
            detail=done.detail[:500],
            printed=done.printed[:500],
            modified=list(done.modified),
            forbidden=sorted({*done.forbidden, *self.barrier.seen}),
        )
        try:
            wire.encode(done.value)
        except (wire.Broken, MemoryError) as error:
            return dict(
                fields,
                kind="ValueError",
                error=f"what it returned is too large to be looked at ({error})",
                value=None,
            )
        return dict(fields, value=done.value)


def _kind_of(result) -> str:
    if hasattr(result, "requires_grad"):
        return "carries" if result.requires_grad else "tensor"
    return "number" if isinstance(result, float) else "array"


def _from_source(source: str):
    """The function that a program makes: the last definition in it."""
    space = {}
    exec(compile(source, "<the check>", "exec"), space)
    return space[ast.parse(source).body[-1].targets[0].id]

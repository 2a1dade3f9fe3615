"""Inside the sandbox: run a notebook's cells one after the other, and try its answers on inputs that come from outside.

Nothing here is trusted by the grader: the code that runs in the same process may change any of it. What it can
gain by that is to lie about its own values, and wrong values are wrong.
"""

import ast
import contextlib
import io
import os
import signal
import sys
import time
import warnings

import wire

OUTPUT = 100_000  # characters that a cell may print before the rest is dropped


class Sink(io.TextIOBase):
    """Takes what is printed and forgets it."""

    encoding = "utf-8"

    def writable(self):
        return True

    def write(self, text):
        return len(text)


class OutOfTime(KeyboardInterrupt):
    """Raised in a cell that takes too long, as Jupyter's stop button would."""


def prepare():
    """In the process that is copied: one quiet IPython shell, one thread, no windows, no drawing."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_threads = torch.set_num_interop_threads = lambda n: None  # a copied process can't have more
    os.environ.setdefault("IPYTHONDIR", os.path.join(os.environ.get("TMPDIR", "/tmp"), "ipython"))
    os.makedirs(os.environ["IPYTHONDIR"], exist_ok=True)
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.ast_node_interactivity = "none"
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = shell.showsyntaxerror = lambda *a, **k: None
    shell.system = shell.system_raw = shell.system_piped = lambda *a, **k: None
    shell.getoutput = lambda *a, **k: []
    for magic in ("pip", "conda", "matplotlib", "load_ext", "cd", "timeit"):
        shell.register_magic_function(lambda *a, **k: None, "line", magic)
    _undrawn()


def _undrawn():
    """Figures are made as in the notebook, but not turned into pictures that nobody sees."""
    with contextlib.suppress(ImportError):
        import matplotlib.pyplot as plt

        from seqlib.display import figures as plot

        plot.show = lambda fig=None, *a, **k: plt.close(fig if fig is not None else "all")


class Runner:
    """Serves one notebook: cells in order, then and in between the answers."""

    def __init__(self, channel, first: dict):
        from IPython.core.interactiveshell import InteractiveShell

        self.channel, self.shell, self.kept = channel, InteractiveShell.instance(), {}
        self.shell.user_ns["__name__"] = "__main__"
        channel.known = {"call": self._proxy, "rng": _generator}
        self.channel.send({"n": first["n"], "ready": True})

    def serve(self):
        while True:
            message = self.channel.receive()
            reply = getattr(self, "do_" + message["op"])(message)
            self.channel.send({"n": message["n"], **reply})

    # -- cells -------------------------------------------------------------------------------------------------------

    def do_cell(self, message) -> dict:
        error = self._run(message["source"], message["seconds"])
        lacking = [v for v in message["keep"] if v not in self.shell.user_ns]
        if error and (lacking or error == "OutOfTime") and message.get("defs"):
            self._run(message["defs"], message["seconds"])
        for variable in message["keep"]:
            if variable in self.shell.user_ns:
                self.kept[variable] = self.shell.user_ns[variable]
        return {"error": error}

    def _run(self, source: str, seconds: float) -> str | None:
        """Run a cell; the name of what it raised. `seconds` by the clock, then it is interrupted."""

        def stop(*_):
            raise OutOfTime

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        sink = Sink()
        try:
            with (
                contextlib.redirect_stdout(sink),
                contextlib.redirect_stderr(sink),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                result = self.shell.run_cell(source, store_history=False, silent=True)
            error = result.error_before_exec or result.error_in_exec
            return type(error).__name__ if error is not None else None
        except BaseException as error:
            return type(error).__name__
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def do_bind(self, message):
        self.shell.user_ns[message["name"]] = message["value"]
        return {}

    # -- answers -----------------------------------------------------------------------------------------------------

    def do_try(self, message):
        """Try one answer in a copy of this process, so that what it breaks or never ends is the copy's."""
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
                _Trial(self, message).serve()
                os._exit(0)
            except BaseException:
                os._exit(3)
        status = _waited(pid, message["seconds"])
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        return {"n": wire.OVER, "gone": None if status == 0 else "time" if status is None else "died"}

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


def _generator(node):
    """A NumPy generator in the state that was sent."""
    import numpy as np

    state = wire.Reader([]).value(node["v"])
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


def _waited(pid: int, seconds: float):
    """The exit status of a child, None where it had to be killed."""
    until = time.monotonic() + seconds
    pause = 0.0005
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


class _Trial:
    """In the copy: call the answer on the cases that come, one message each, and send back what it did."""

    def __init__(self, runner: Runner, message: dict):
        self.channel, self.message, self.names = runner.channel, message, runner.shell.user_ns
        self.names.update(message["bind"])
        self.answer = runner.kept.get(message["variable"], self.names.get(message["variable"]))
        self.using = _from_source(message["using"]) if message["using"] else None

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
            self.reply(message["n"], **self.outcome(message))

    def outcome(self, message) -> dict:
        from seqlib.checks import calling

        function = (lambda *args: self.using(self.answer, *args)) if self.using else self.answer
        sys.stdout = sys.stderr = Sink()
        done = calling.call(
            function,
            tuple(message["args"]),
            names=message["names"],
            forbids=message["forbids"],
            owner=self.answer,
        )
        fields = dict(
            error=done.error and done.error[:500],
            kind=done.kind and done.kind[:60],
            detail=done.detail[:500],
            printed=done.printed[:500],
            modified=list(done.modified),
            forbidden=list(done.forbidden),
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


def _from_source(source: str):
    """The way to try an answer, from its text: the last definition in it is the function."""
    space = {}
    exec(compile(source, "<the check>", "exec"), space)
    return space[ast.parse(source).body[-1].targets[0].id]

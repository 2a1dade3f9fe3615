"""Inside the sandbox: a quiet IPython that runs a notebook's cells, each statement for itself.

A line that fails only here (a package that is not installed, a window, a drive) takes nothing else of its cell down.
"""

import ast
import asyncio
import builtins
import contextlib
import importlib
import importlib.util
import io
import os
import re
import signal
import sys
import time
import warnings

PATIENCE = 4  # a cell that waits may take so many times its processor time by the clock
SILENT = "pip conda mamba matplotlib load_ext reload_ext autoreload cd timeit tensorboard".split()
IDLE_SECONDS = 3.0
BEGINS_TASKS = re.compile(r"\b(create_task|ensure_future|get_running_loop|get_event_loop)\b")
RUNS_A_LOOP = re.compile(r"\basyncio\.run\b|\brun_until_complete\b|\brun_forever\b")
BODY_IS_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun", "%%memit")


class Sink(io.TextIOBase):
    """Takes what is printed and forgets it."""

    encoding = "utf-8"

    def writable(self):
        return True

    def write(self, text):
        return len(text)


class OutOfTime(KeyboardInterrupt):
    """Raised in a cell that takes too long, as Jupyter's stop button would."""


class OneByOne(ast.NodeTransformer):
    """`import a, b` as two statements: one may be missing here."""

    def visit_Module(self, tree):
        tree.body = [part for statement in tree.body for part in self._parts(statement)]
        return tree

    @staticmethod
    def _parts(statement):
        if not isinstance(statement, (ast.Import, ast.ImportFrom)) or len(statement.names) < 2:
            return [statement]
        fields = {k: v for k, v in ast.iter_fields(statement) if k != "names"}
        return [ast.copy_location(type(statement)(names=[a], **fields), statement) for a in statement.names]


class NotHere(ast.NodeTransformer):
    """Packages that are missing here may stand in annotations and decorators (`x: Float`, `@njit`): what they stand at
    is defined without them."""

    def __init__(self):
        self.names = set()

    def visit_Module(self, tree):
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.names |= {(a.asname or a.name).partition(".")[0] for a in node.names if _is_missing(node, a.name)}
        return self.generic_visit(tree) if self.names else tree

    def _needed_by(self, expression) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.names for n in ast.walk(expression))

    def _in_words(self, expression):
        if expression is None or not self._needed_by(expression):
            return expression
        return ast.copy_location(ast.Constant(ast.unparse(expression)), expression)

    def visit_FunctionDef(self, node):
        node.returns = self._in_words(node.returns)
        return self.visit_ClassDef(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        node.decorator_list = [d for d in node.decorator_list if not self._needed_by(d)]
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = self._in_words(node.annotation)
        return node

    def visit_AnnAssign(self, node):
        node.annotation = self._in_words(node.annotation)
        return self.generic_visit(node)


not_here = NotHere()


def _is_missing(statement, name: str) -> bool:
    """Whether an import can't succeed here: a package that is not installed, a name that this Python does not have."""
    module = name if isinstance(statement, ast.Import) else statement.module or ""
    if isinstance(statement, ast.ImportFrom) and (statement.level or name == "*"):
        return False
    try:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            return True
    except (ImportError, ValueError, AttributeError):
        return False
    loaded = sys.modules.get(module) if module in sys.stdlib_module_names else None
    return isinstance(statement, ast.ImportFrom) and loaded is not None and not hasattr(loaded, name)


def prepare():
    """In the process that is copied: one shell, one thread, no windows, no drawing."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_threads = torch.set_num_interop_threads = lambda n: None  # a copied process can't have more
    builtins.input = lambda *a: ""
    sys.setrecursionlimit(3000)  # as in Jupyter's kernel
    os.environ.setdefault("IPYTHONDIR", os.path.join(os.environ.get("TMPDIR", "/tmp"), "ipython"))
    os.makedirs(os.environ["IPYTHONDIR"], exist_ok=True)
    shell = _shell()
    shell.showtraceback = shell.showsyntaxerror = lambda *a, **k: None
    shell.system = shell.system_raw = shell.system_piped = lambda *a, **k: None
    shell.getoutput = lambda *a, **k: []
    shell.ast_transformers += [OneByOne(), not_here]
    for magic in SILENT:
        shell.register_magic_function(lambda *a, **k: None, "line", magic)
    _undrawn()


def _shell():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        """Goes on after a statement that failed."""

        first_error = None
        idle = IDLE_SECONDS  # how long tasks may still run between cells, as they do while somebody reads

        def should_run_async(self, raw_cell, **more):
            """Also where a task is begun and not awaited: in Jupyter a loop is running."""
            begun = BEGINS_TASKS.search(raw_cell) and not RUNS_A_LOOP.search(raw_cell)
            return bool(begun) or super().should_run_async(raw_cell, **more)

        def wait_for_tasks(self):
            from IPython.core import async_helpers

            loop = getattr(async_helpers, "_asyncio_event_loop", None)  # there is one if a cell has asked for it
            tasks = asyncio.all_tasks(loop) if loop is not None else ()
            if tasks and self.idle > 0:
                began = time.monotonic()
                loop.run_until_complete(asyncio.wait(tasks, timeout=min(1.0, self.idle)))
                self.idle -= time.monotonic() - began

        async def run_code(self, code_obj, result=None, **more):
            failed = await super().run_code(code_obj, result, **more)
            error = getattr(result, "error_in_exec", None)
            if not failed or isinstance(error, OutOfTime):
                return failed
            self.first_error = self.first_error or error
            return False

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.ast_node_interactivity = "none"
    return Shell.instance(config=config)


def _undrawn():
    """Figures are made as in the notebook, but not turned into pictures that nobody sees."""
    with contextlib.suppress(ImportError):
        import matplotlib.pyplot as plt

        from seqlib.display import figures as plot

        plot.show = lambda fig=None, *a, **k: plt.close(fig if fig is not None else "all")


def body(source: str) -> str:
    """A cell without a magic at its top that only measures or hides what the rest does."""
    head, _, rest = source.lstrip().partition("\n")
    return rest if head.startswith(BODY_IS_PYTHON) else source


def run(shell, source: str, seconds: float) -> str | None:
    """Run a cell; the name of what it raised. `seconds` of processor time, then it is interrupted."""
    importlib.invalidate_caches()
    clock, sink, shell.first_error = Clock(seconds), Sink(), None
    try:
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with clock:
                result = shell.run_cell(body(source), store_history=False, silent=True)
                shell.wait_for_tasks()
        error = result.error_before_exec or result.error_in_exec or shell.first_error
        return type(error).__name__ if error is not None else None
    except BaseException as error:
        return type(error).__name__


class Clock(contextlib.AbstractContextManager):
    """Interrupts after some processor time, or PATIENCE times that by the clock; three times, then it ends all."""

    TIMERS = ((signal.ITIMER_PROF, signal.SIGPROF, 1), (signal.ITIMER_REAL, signal.SIGALRM, PATIENCE))

    def __init__(self, seconds: float):
        self.seconds, self.rung = seconds, 0

    def __enter__(self):
        for timer, number, factor in self.TIMERS:
            signal.signal(number, self._ring)
            signal.setitimer(timer, self.seconds * factor, 1.0)
        return self

    def _ring(self, *_):
        self.rung += 1
        if self.rung > 3:
            os._exit(4)
        raise OutOfTime

    def __exit__(self, *_):
        stop()


def stop() -> list:
    """Stop the clock; what is left on it."""
    return [(timer, signal.setitimer(timer, 0)[0]) for timer, *_ in Clock.TIMERS]


def go_on(left: list):
    for timer, seconds in left:
        if seconds:
            signal.setitimer(timer, seconds, 1.0)

"""Device, seeds, budget, the learner's folder; and what importing costs."""

import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from seqlib import runtime
from seqlib.display import page, ready

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in ("SEQLIB_BUDGET", "SEQLIB_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path / "home"))


def python(code, **environment):
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


def test_importing_seqlib_is_nearly_free_and_leaves_torch_and_matplotlib_alone():
    code = (
        "import sys, time; import numpy; began = time.process_time();"
        "import seqlib, seqlib.runtime, seqlib.display.figures, seqlib.display.progress;"
        "print(time.process_time() - began);"
        "assert not {'torch', 'matplotlib', 'IPython', 'PIL'} & set(sys.modules);"
        "import torch; began = time.process_time();"
        "import seqlib.training.train, seqlib.metrics, seqlib.training.recorded;"
        "print(time.process_time() - began); assert 'matplotlib' not in sys.modules"
    )
    parts = [float(line) for line in python(code).stdout.split()]
    assert sum(parts) < 0.3, parts


def test_setup_prints_one_line_and_seeds(monkeypatch, capsys):
    monkeypatch.setenv("SEQLIB_BUDGET", "cpu")
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    monkeypatch.delenv("SEQLIB_THREADS", raising=False)
    ready.setup("02_rnn")
    first = torch.rand(2), np.random.rand(), random.random()
    out = capsys.readouterr()
    assert re.fullmatch(r"02_rnn · seqlib \S+ · torch [\d.a-z]+ · cpu \(\d+ threads?\) · budget cpu\n", out.out)
    assert not out.err and torch.get_num_threads() == 1
    ready.setup("02_rnn")
    second = torch.rand(2), np.random.rand(), random.random()
    assert torch.equal(first[0], second[0]) and first[1:] == second[1:]


def test_setup_makes_threads_few_and_leaves_their_waiting_to_torch():
    code = "import os, seqlib; os.environ.pop('OMP_WAIT_POLICY', 0); os.environ.pop('SEQLIB_THREADS', 0);"
    code += "seqlib.setup('00_start'); import torch; told = [torch.get_num_threads()];"
    code += "seqlib.setup('00_start', threads=2); told.append(torch.get_num_threads());"
    code += "os.environ['SEQLIB_THREADS'] = '3'; seqlib.setup('00_start'); told.append(torch.get_num_threads());"
    code += "print(*told, os.environ.get('OMP_WAIT_POLICY'))"
    assert python(code, SEQLIB_DEVICE="cpu").stdout.splitlines()[-1] == "1 2 3 None"


def test_setup_writes_nothing_to_stderr_even_where_matplotlib_has_no_cache(tmp_path):
    done = python("import seqlib; seqlib.setup('00_start')", MPLCONFIGDIR=str(tmp_path / "new"))
    assert done.stderr == "" and done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("budget", "expected"),
    [("smoke", (3, 2, 1)), ("tenth", (80, 2, 80)), ("cpu", (800, 2, 800)), ("gpu", (20_000, 2, 20_000))],
)
def test_budget_follows_the_environment(monkeypatch, budget, expected):
    monkeypatch.setenv("SEQLIB_BUDGET", budget)
    assert runtime.budget(cpu=800, gpu=20_000) == expected[0]
    assert runtime.budget(cpu=2) == expected[1]
    assert runtime.budget(800, 20_000, smoke=1) == expected[2]
    assert budget != "tenth" or (runtime.budget(801), runtime.budget(0.5, smoke=0.01)) == (81, 0.05)
    assert runtime.smoke() == (budget == "smoke")


def test_budget_follows_the_device(monkeypatch):
    monkeypatch.setattr(runtime, "device", lambda: torch.device("cuda"))
    assert runtime.budget(800, 20_000) == 20_000 and runtime.budget(0.5) == 0.5
    monkeypatch.setattr(runtime, "device", lambda: torch.device("cpu"))
    assert runtime.budget(800, 20_000) == 800 and runtime.budget_name() == "cpu"


def test_a_misspelt_budget_is_named(monkeypatch):
    monkeypatch.setenv("SEQLIB_BUDGET", "fast")
    with pytest.raises(ValueError, match="smoke, tenth, cpu, gpu, got 'fast'"):
        runtime.budget(3)


def test_device(monkeypatch):
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert runtime.device().type == expected
    monkeypatch.setenv("SEQLIB_DEVICE", "cpu")
    assert runtime.device() == torch.device("cpu") and runtime.where().startswith("cpu (")
    # MPS gives wrong numbers for some recurrent layers: it is used only when asked for.
    monkeypatch.delenv("SEQLIB_DEVICE")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert runtime.device().type == expected
    monkeypatch.setenv("SEQLIB_DEVICE", "mps")
    assert runtime.device().type == "mps" and "opted in" in runtime.where()


@pytest.mark.parametrize(("asked", "says"), [("tpu!", "got 'tpu!'"), ("cuda:99", "no such device"), ("xla", "xla")])
def test_a_device_that_is_not_there_is_named(monkeypatch, asked, says):
    monkeypatch.setenv("SEQLIB_DEVICE", asked)
    with pytest.raises(ValueError, match=says):
        runtime.device()


def test_seeds():
    draws = []
    for seed in (4, 4, 5):
        rng = runtime.seed_everything(seed)
        draws.append((random.random(), np.random.rand(), torch.rand(1).item(), rng.random()))
    assert draws[0] == draws[1] and all(a != b for a, b in zip(draws[0], draws[2], strict=True))


def test_home_is_made_on_demand(monkeypatch, tmp_path):
    assert not (tmp_path / "home").exists()
    assert runtime.home() == tmp_path / "home" and runtime.home().is_dir()
    monkeypatch.delenv("SEQLIB_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    assert runtime.home() == tmp_path / "me" / ".seqlib"


def test_home_has_a_spare_where_the_account_is_read_only(monkeypatch, tmp_path):
    monkeypatch.delenv("SEQLIB_HOME")
    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    runtime._spare_home.cache_clear()
    spare = runtime.home()
    runtime._spare_home.cache_clear()
    assert spare.is_dir() and spare.parent == tmp_path and spare == runtime.home()
    runtime._spare_home.cache_clear()


def test_machine_says_what_a_record_needs():
    machine = runtime.machine()
    assert machine["torch"] == torch.__version__ and machine["threads"] >= 1
    assert all(isinstance(value, (str, int)) for value in machine.values()) and machine["processor"]


def test_outside_a_notebook_the_plain_twin_is_printed(capsys):
    page.show_html("<b>seen</b>", "said")
    assert capsys.readouterr().out == "said\n" and not page.in_notebook()

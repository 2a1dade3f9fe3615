"""A real browser and a real JupyterLab for tests, or a plain reason why not.

JupyterLab runs in a folder, with settings and on a port of its own, so that a learner's own stay untouched.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# What JupyterLab says of the notebook in front; a kernel whose first "idle" was lost on the way is asked once more.
KERNEL_STATUS = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    if (kernel && kernel.status !== 'idle') kernel.requestKernelInfo().catch(() => null);
    const status = !panel ? 'no notebook' : !panel.context?.isReady ? 'not read yet' : kernel?.status ?? 'no kernel';
    const dialogs = [...document.querySelectorAll('.jp-Dialog')].map(one => one.innerText);
    return [status, ...dialogs].join('; ');
}"""

# The window holds the promise: one that only the test waits for may be collected as garbage before it is kept.
COMMAND = "([name, args]) => (window.asked = jupyterapp.commands.execute(name, args).then(() => null))"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = os.environ.get("COURSE_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not chromium:
        pytest.skip("no Chromium here (Debian: apt install chromium; or set COURSE_CHROMIUM to its path)")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """A function that opens a page of a given width and theme; what goes wrong in it fails the test."""
    contexts, complaints = [], []

    def new_page(width=1100, dark=False, allowed="file:"):
        context = browser.new_context(
            viewport={"width": width, "height": 1200}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
        page.on("request", lambda request: _leaves(request.url, allowed) and complaints.append(request.url))
        return page

    yield new_page
    for context in contexts:
        context.close()
    assert not complaints, complaints


EXPLORER_PAGE = (
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>t</title>{body}"
)
DARK = "<style>:root{color-scheme:dark}body{background:#111;color:#fff}</style>"


@pytest.fixture
def static(new_page, tmp_path):
    """static(*explorers, width=, dark=): a page with them, opened from a file as a reader does with no network."""

    def static(*explorers, **options):
        file = tmp_path / "page.html"
        dark = DARK if options.get("dark") else ""
        body = dark + "".join(e._repr_html_() for e in explorers)
        file.write_text(EXPLORER_PAGE.format(body=body), encoding="utf-8")
        page = new_page(**options)
        page.goto(file.as_uri())
        return page

    return static


@pytest.fixture(scope="session")
def violations():
    """violations(page, without=[]): what the standard checker finds wrong, a line a rule; none where all is well.

    without: CSS of what is left out.
    """
    from website import npm

    try:
        axe = npm.fetched(npm.AXE).read_text(encoding="utf-8")
    except npm.Missing as missing:
        pytest.skip(str(missing))

    def violations(page, without=()):
        page.evaluate(axe)
        return page.evaluate(
            "without => axe.run({ include: [['html']], exclude: without }, "
            "{ preload: false, resultTypes: ['violations'] }).then(r => r.violations.map("
            "v => `${v.id}: ${v.nodes.length} times, ${v.nodes[0].html.slice(0, 200)}`))",
            [[css] for css in without],
        )

    return violations


def _leaves(url: str, allowed: str) -> bool:
    return not url.startswith((allowed, "data:", "blob:", "about:"))


class Lab:
    """A running JupyterLab: its address and the folder it serves."""

    def __init__(self, address: str, folder: Path, kernels: Path):
        self.address, self.folder, self.kernels = address, folder, kernels

    def mute_kernel(self, name: str) -> None:
        """A kernel of that name that starts and never answers: it costs nothing, for pages that are only read."""
        sleeping = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
        (self.kernels / name).mkdir(parents=True, exist_ok=True)
        spec = json.dumps({"argv": sleeping, "display_name": name, "language": "python"})
        (self.kernels / name / "kernel.json").write_text(spec, encoding="utf-8")

    def write(self, name: str, *sources: str) -> None:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, self.folder / name)

    def open(self, page, name: str) -> None:
        """Show a notebook whose kernel waits for work. One that does not start is opened anew, as a reader would."""
        seen = []
        for _ in range(3):
            page.goto(f"{self.address}/lab/workspaces/test{time.time_ns()}/tree/{name}?reset")
            page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=180_000)
            for _ in range(90):
                seen.append(page.evaluate(KERNEL_STATUS))
                if seen[-1] == "idle":
                    page.evaluate("() => { jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight(); }")
                    return
                page.wait_for_timeout(1000)
            self.end_kernels()
        raise AssertionError(f"the kernel of {name} does not start; JupyterLab said: {list(dict.fromkeys(seen))}")

    def end_kernels(self) -> None:
        """End every kernel of this server, answering or not: the next test has the machine to itself."""
        kernels = f"{self.address}/api/kernels"
        with urllib.request.urlopen(kernels, timeout=60) as answer:
            running = [kernel["id"] for kernel in json.load(answer)]

        def end(name: str) -> None:
            request = urllib.request.Request(f"{kernels}/{name}", method="DELETE")
            urllib.request.urlopen(request, timeout=60).close()

        with ThreadPoolExecutor(8) as pool:  # one that never answers is waited for before it is killed
            list(pool.map(end, running))

    @staticmethod
    def command(page, name: str, **arguments) -> None:
        page.evaluate(COMMAND, [name, arguments])

    @staticmethod
    def outputs(page) -> list[list[dict]]:
        """The outputs of every cell, as the notebook holds them."""
        return page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.outputs?.toJSON() ?? [])"
        )


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    folder, own = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("jupyter")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [
        "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly", "--LabApp.news_url=",
    ]  # fmt: skip
    paths = {name: str(own / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")}
    paths["JUPYTERLAB_SETTINGS_DIR"] = str(own / "settings")
    paths["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(own / "data"), os.environ.get("JUPYTER_PATH")]))
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **paths, "PYTHONPATH": python_path},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield Lab(address, folder, own / "data" / "kernels")
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(address: str, server: subprocess.Popen, seconds: float = 180) -> None:
    for _ in range(int(seconds * 4)):
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2)
            return
        except OSError:
            if server.poll() is not None:
                raise RuntimeError(f"JupyterLab ended with exit status {server.returncode}") from None
            time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not answer at {address} within {seconds:g} s")

"""The download: against a server that is well, down, slow, cut short, lying; and against the data mirror."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from seqlib.data import DataUnavailable, available, download, fetch

BODY = bytes(range(256)) * 400  # 102,400 bytes
NAME = "toy/body.bin"
CHECKSUM = "sha256:" + hashlib.sha256(BODY).hexdigest()
MIRROR = Path(__file__).resolve().parents[3] / "shared" / "datasets"


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's `mode` says."""

    def do_GET(self):
        self.server.asked.append(self.path)
        getattr(self, self.server.mode)()

    def head(self, length, status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def well(self):
        self.head(len(BODY))
        self.wfile.write(BODY)

    def no_length(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(BODY)

    def other_bytes(self):
        self.head(len(BODY))
        self.wfile.write(BODY[::-1])

    def truncating(self):
        self.head(len(BODY))
        self.wfile.write(BODY[:50_000])

    def cut_without_length(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(BODY[:50_000])

    def missing(self):
        self.head(0, 404)

    def broken(self):
        self.head(0, 500)

    def redirecting(self):
        if self.path.startswith("/moved/"):
            self.well()
        else:
            self.head(0, 302, Location=f"/moved{self.path}")

    def silent(self):
        self.server.stop.wait(5)

    def stalling(self):
        self.head(len(BODY))
        self.wfile.write(BODY[:40_000])
        self.server.stop.wait(5)

    def slow_but_steady(self):
        self.head(len(BODY))
        for start in range(0, len(BODY), 16_384):
            self.wfile.write(BODY[start : start + 16_384])
            time.sleep(0.15)

    def log_message(self, *_): ...

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the client hung up, as it should


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.mode, server.asked, server.stop = "well", [], threading.Event()
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(server, tmp_path, monkeypatch):
    """An empty cache folder, a registry of one file, and the server as its source."""
    registry = tmp_path / "registry.txt"
    registry.write_text(f"# a comment\n{NAME} {CHECKSUM} http://127.0.0.1:1/{NAME}\n", encoding="utf-8")
    monkeypatch.setattr(download, "registry_file", lambda: registry)
    monkeypatch.setattr(download, "STALL_S", 1.0)
    monkeypatch.setattr(download, "CONNECT_S", 0.6)
    monkeypatch.setattr(download, "_slow_hosts", {})
    folder = tmp_path / "cache"
    monkeypatch.setenv("SEQLIB_DATA", str(folder))
    monkeypatch.setenv("SEQLIB_DATA_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


def left_over(folder):
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def refused(match, folder):
    """fetch fails within bounded time, with one plain line, and leaves nothing behind."""
    start = time.monotonic()
    with pytest.raises(DataUnavailable, match=match) as caught:
        fetch(NAME)
    assert time.monotonic() - start < 8
    text = str(caught.value)
    assert "\n" not in text and NAME in text and "recorded run" in text and len(text) < 300
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert not available(NAME)
    deadline = time.monotonic() + 2
    while left_over(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left_over(folder) == []


def test_downloads_once_and_uses_the_cache(server, cache):
    assert not available(NAME)
    path = fetch(NAME)
    assert path == cache / NAME and path.read_bytes() == BODY
    assert available(NAME) and fetch(NAME) == path
    assert server.asked == [f"/{NAME}"]
    assert left_over(cache) == [path]
    assert os.name == "nt" or path.stat().st_mode & 0o044 == 0o044, "others may share the folder"


@pytest.mark.parametrize("mode", ["no_length", "redirecting", "slow_but_steady"])
def test_other_ways_of_serving_the_right_bytes(server, cache, mode):
    server.mode = mode
    assert fetch(NAME).read_bytes() == BODY


@pytest.mark.parametrize(
    "mode, match",
    [
        ("other_bytes", "not the expected file"),
        ("truncating", r"broke off after \d+\.\d kB of 102\.4 kB"),
        ("cut_without_length", "not the expected file"),
        ("missing", "answered 404"),
        ("broken", "answered 500"),
        ("silent", "nothing new for"),
        ("stalling", r"nothing new for .* had come|broke off"),
    ],
)
def test_a_server_that_fails(server, cache, mode, match):
    server.mode = mode
    refused(match, cache)
    server.mode = "well"
    download._slow_hosts.clear()
    assert fetch(NAME).read_bytes() == BODY


def test_a_server_that_is_down(cache, monkeypatch):
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:1")
    refused("127.0.0.1:1 cannot be reached", cache)
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://no-such-host.invalid")
    refused("no-such-host.invalid", cache)
    monkeypatch.setenv("SEQLIB_DATA_URL", "not an address")
    refused("cannot be reached", cache)
    monkeypatch.delenv("SEQLIB_DATA_URL")  # then the registry's own address, closed too
    refused("127.0.0.1:1 cannot be reached", cache)


def test_a_host_that_kept_us_waiting_is_not_tried_again_at_once(server, cache, monkeypatch):
    monkeypatch.setattr(download, "STALL_S", 2.2)
    monkeypatch.setattr(download, "CONNECT_S", 5)
    server.mode = "silent"
    refused("nothing new|cannot be reached", cache)
    start = time.monotonic()
    refused("nothing new|cannot be reached", cache)
    assert time.monotonic() - start < 0.5 and len(server.asked) == 1


@pytest.mark.parametrize("damage", [b"", BODY[:-1], BODY[:-1] + b"x", BODY + b"more"])
def test_a_damaged_file_is_downloaded_again(server, cache, damage):
    path = fetch(NAME)
    path.write_bytes(damage)
    os.utime(path, ns=(1, 1))
    assert not available(NAME)
    assert fetch(NAME).read_bytes() == BODY and len(server.asked) == 2


def test_a_damaged_file_is_never_used(server, cache):
    path = cache / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY[::-1])
    server.mode = "broken"
    with pytest.raises(DataUnavailable, match="500"):
        fetch(NAME)
    assert not available(NAME)


def test_a_folder_that_cannot_be_written(server, cache, monkeypatch):
    path = cache / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", denied)
    assert fetch(NAME) == path and server.asked == []
    path.unlink()
    with pytest.raises(DataUnavailable, match="cannot write to .*Permission denied"):
        fetch(NAME)


def denied(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_a_folder_in_the_way(server, cache, monkeypatch, capsys):
    (cache / NAME).mkdir(parents=True)
    with pytest.raises(DataUnavailable, match="cannot write"):
        fetch(NAME)
    cache_file = cache.parent / "plain"
    cache_file.write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("SEQLIB_DATA", str(cache_file))
    monkeypatch.setenv("SEQLIB_HOME", str(cache.parent / "home"))
    assert not available(NAME) and fetch(NAME).read_bytes() == BODY and fetch(NAME) == cache.parent / "home/data" / NAME
    assert "File exists" in capsys.readouterr().out and cache_file.is_file()


def test_a_server_without_end_is_stopped(server, cache, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 60_000)
    refused("more than 60.0 kB", cache)


def test_two_at_once_get_the_same_whole_file(server, cache):
    server.mode = "slow_but_steady"
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(NAME), range(4)))
    assert {path.read_bytes() for path in paths} == {BODY}
    assert len(server.asked) == 1


def test_two_processes_at_once(server, cache):
    server.mode = "slow_but_steady"
    code = (
        "import sys, pathlib\n"
        "from seqlib.data import download\n"
        f"download.registry_file = lambda: pathlib.Path({str(cache.parent / 'registry.txt')!r})\n"
        f"sys.stdout.buffer.write(download.fetch({NAME!r}).read_bytes())\n"
    )
    root = Path(__file__).resolve().parents[2]
    start = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    runs = [subprocess.Popen(start, cwd=root, stdout=pipe, stderr=pipe) for _ in range(2)]
    for run in runs:
        out, err = run.communicate(timeout=30)
        assert (out, err) == (BODY, b"")
    assert left_over(cache) == [cache / NAME]


def test_an_interrupt_leaves_nothing_behind(server, cache, monkeypatch):
    server.mode = "stalling"

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(download._Bar, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)
    assert left_over(cache) == []


def test_unknown_names(cache):
    with pytest.raises(ValueError, match="did you mean 'toy/body.bin'"):
        fetch("toy/boddy.bin")
    for name in ("../secret", "/etc/passwd", "", "toy\\body.bin"):
        with pytest.raises(ValueError, match="no data file"):
            fetch(name)
        assert available(name) is False
    assert available(None) is False
    assert download.names() == [NAME]


@pytest.mark.parametrize("name", ["../up.bin", "/tmp/up.bin", "a/../../up.bin", "C:/up", "a\\..\\b"])
def test_a_registry_cannot_lead_out_of_the_folder(server, cache, name, monkeypatch, tmp_path):
    registry = tmp_path / "evil.txt"
    registry.write_text(f"'{name}' {CHECKSUM} http://127.0.0.1:1/x\n", encoding="utf-8")
    monkeypatch.setattr(download, "registry_file", lambda: registry)
    with pytest.raises(ValueError, match="leaves the data folder"):
        fetch(name)
    assert server.asked == []


def test_the_default_folder_is_the_learners_own(monkeypatch, tmp_path):
    monkeypatch.delenv("SEQLIB_DATA", raising=False)
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    assert download.folder() == tmp_path / "data"


def test_silent_outside_a_notebook_and_when_quiet(server, cache, capsys):
    fetch(NAME)
    (cache / NAME).unlink()
    fetch(NAME, quiet=True)
    assert capsys.readouterr() == ("", "")


def test_the_bar_in_a_notebook(server, cache, monkeypatch):
    shown = []
    monkeypatch.setattr(download, "in_notebook", lambda: True)
    monkeypatch.setattr(download, "show_html", lambda page, line, **where: shown.append((page, line, where)))
    server.mode = "slow_but_steady"
    fetch(NAME)
    assert 3 <= len(shown) <= 12, "at most four times a second"
    assert (
        f'<progress value="32768" max="102400" aria-label="{NAME}">' in shown[1][0] or "<progress value" in shown[1][0]
    )
    assert shown[-1][:2] == (f"<div><small>{NAME}: 102.4 kB, downloaded and checked</small></div>",
                             f"{NAME}: 102.4 kB, downloaded and checked")  # fmt: skip
    assert len({where["display_id"] for _, _, where in shown}) == 1
    assert [where["update"] for _, _, where in shown] == [False] + [True] * (len(shown) - 1)
    count = len(shown)
    fetch(NAME)
    (cache / NAME).unlink()
    fetch(NAME, quiet=True)
    assert len(shown) == count, "nothing to show for a cached file, nor when quiet"
    (cache / NAME).unlink()
    server.mode = "stalling"
    with pytest.raises(DataUnavailable):
        fetch(NAME)
    assert len(shown) > count, "a bar while it lasted"
    assert shown[-1][:2] == ("", ""), "and none beside the error"


def test_a_file_is_read_once_per_process(server, cache, monkeypatch):
    import pooch.hashes

    path = fetch(NAME)
    read = []
    real = pooch.hashes.hash_matches
    monkeypatch.setattr(pooch.hashes, "hash_matches", lambda *a, **k: read.append(a) or real(*a, **k))
    fetch(NAME)
    assert available(NAME) and read == []
    os.utime(path, ns=(5, 5))
    fetch(NAME)
    fetch(NAME)
    assert len(read) == 1


def test_the_registry_is_whole():
    known = download._registry(download.registry_file())
    assert "tinyshakespeare/input.txt" in known
    for name, (checksum, address) in known.items():
        assert checksum.startswith("sha256:") and len(checksum) == 71, name
        assert address.startswith("https://") and name.isascii(), name
        assert not any(branch in address for branch in ("/master/", "/main/")), f"{name}: address not pinned"
        download._entry(name)


def test_every_data_set_has_a_card_and_every_card_a_data_set():
    cards = Path(__file__).resolve().parents[2] / "data" / "cards"
    sets = {name.split("/")[0] for name in download.names()}
    assert {path.stem for path in cards.glob("*.md")} == sets
    for path in cards.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        for heading in ("## What it is", "## Origin", "## Licence", "## Size", "## Traps", "## Used in"):
            assert heading in text, f"{path.name} lacks {heading!r}"
        files = [name for name in download.names() if name.startswith(f"{path.stem}/")]
        assert all(f"`{name}`" in text for name in files), f"{path.name} leaves out a file"


@pytest.fixture
def mirror():
    if not MIRROR.is_dir():
        pytest.skip("no mirror of the data sets beside the repository")
    return MIRROR


def test_the_mirror_has_the_registrys_facts(mirror):
    known = {line for line in (mirror / "registry.txt").read_text(encoding="utf-8").splitlines() if line}
    ours = download.registry_file().read_text(encoding="utf-8").splitlines()
    assert {line for line in ours if line and not line.startswith("#")} == known


def test_the_mirror_serves_as_the_cache(mirror, monkeypatch):
    monkeypatch.setenv("SEQLIB_DATA", str(mirror))
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:1")
    before = {path: path.stat().st_mtime_ns for path in mirror.rglob("*")}
    for name in download.names():
        assert available(name), name
        assert fetch(name) == mirror / name
    assert before == {path: path.stat().st_mtime_ns for path in mirror.rglob("*")}


def test_the_mirror_serves_through_a_server(mirror, server, tmp_path, monkeypatch):
    def from_mirror(handler):
        body = (mirror / handler.path.lstrip("/")).read_bytes()
        handler.head(len(body))
        handler.wfile.write(body)

    monkeypatch.setattr(Handler, "from_mirror", from_mirror, raising=False)
    server.mode = "from_mirror"
    monkeypatch.setenv("SEQLIB_DATA", str(tmp_path))
    monkeypatch.setenv("SEQLIB_DATA_URL", f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("names/names.txt", "multi30k/val.en.gz", "fsdd/free-spoken-digit-dataset-1.0.9.tar.gz"):
        assert fetch(name).read_bytes() == (mirror / name).read_bytes()


def test_an_installed_package_finds_its_own_registry(tmp_path):
    """As in a wheel: the package alone, with _data/ inside, and no repository around it."""
    root = Path(__file__).resolve().parents[2]
    without = shutil.ignore_patterns("__pycache__", "_data")
    shutil.copytree(root / "seqlib", tmp_path / "seqlib", ignore=without)
    shutil.copytree(root / "data", tmp_path / "seqlib" / "_data")
    code = "from seqlib.data import download as d; print(len(d.names()), d.registry_file())"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    count, path = run.stdout.split(maxsplit=1)
    assert int(count) == len(download.names())
    assert Path(path.strip()) == (tmp_path / "seqlib" / "_data" / "registry.txt").resolve()

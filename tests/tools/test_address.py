"""The course's address: one command changes it everywhere, and nothing is executed for it."""

import subprocess
import sys
from pathlib import Path

import pytest
from course import address
from course.words import Problem

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "given",
    [
        "ada/seq.course",
        "https://github.com/ada/seq.course",
        "github.com/ada/seq.course/",
        "git@github.com:ada/seq.course.git",
        " https://www.github.com/ada/seq.course.git ",
    ],
)
def test_an_address_is_read_however_it_is_written(given):
    assert address.read(given) == "ada/seq.course"


@pytest.mark.parametrize("given", ["", "ada", "ada/", "/course", "ada/the course", "gitlab.com/ada/course", "-a/b"])
def test_what_is_no_repository_is_refused(given):
    with pytest.raises(Problem, match="no repository"):
        address.read(given)


def test_only_the_address_is_rewritten(tmp_path):
    for name in address.FILES:
        (tmp_path / name).write_text("https://github.com/a/b a/bc xa/b https://a.github.io/b/\n", encoding="utf-8")
    assert address.rewrite("a/b", "c/d", tmp_path) == list(address.FILES)
    told = {(tmp_path / name).read_text(encoding="utf-8") for name in address.FILES}
    assert told == {"https://github.com/c/d a/bc xa/b https://c.github.io/d/\n"}
    assert address.rewrite("a/b", "c/d", tmp_path) == []


def git(*arguments, at):
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
    return subprocess.run(command, cwd=at, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_a_fork_moves_with_one_command_and_nothing_is_stale_or_executed(tmp_path):
    fork, old = tmp_path / "fork", address.current()
    git("clone", "-q", "--no-hardlinks", str(ROOT), str(fork), at=tmp_path)
    for changed in git("diff", "--name-only", "HEAD", at=ROOT).splitlines():  # what is being written here, too
        if (ROOT / changed).is_file():
            (fork / changed).write_bytes((ROOT / changed).read_bytes())
    steps = "from course import address; print(address.rewrite(address.current(), address.read('ada/sequences')))"
    rewrite = [sys.executable, "-c", f"import sys; sys.path[:0] = ['tools']; {steps}"]
    move = [sys.executable, "tools/build.py", "--moved", f"https://github.com/{old}", "00", "02"]
    for command in (rewrite, move):  # what the command runs, without installing anything
        done = subprocess.run(command, cwd=fork, capture_output=True, text=True)
        assert done.returncode == 0 and "executed in" not in done.stdout, done.stdout + done.stderr
    told = [*address.FILES, "notebooks/00_start.ipynb", "solutions/00_start.ipynb", "seqlib", "tools", "binder", "docs"]
    grep = ["git", "grep", "-l", "-e", old, "-e", address.site(old), "--", *told]
    found = subprocess.run(grep, cwd=fork, text=True, capture_output=True)
    assert found.stdout == "", f"the old address is still in {found.stdout}"
    check = [sys.executable, "tools/build.py", "--check", "00", "02"]
    assert subprocess.run(check, cwd=fork, capture_output=True).returncode == 0
    readme = (fork / "README.md").read_text(encoding="utf-8")
    (fork / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    stale = subprocess.run(check, cwd=fork, capture_output=True, text=True)
    assert stale.returncode == 1 and "00" in stale.stdout, "--check notices an address that was changed by hand in part"
    assert "ada/sequences" in readme

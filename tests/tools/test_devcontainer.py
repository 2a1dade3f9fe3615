"""The development container: what it names is there. (Its image is not built here: that takes a container engine.)"""

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".devcontainer"
MADE = json.loads((FOLDER / "devcontainer.json").read_text(encoding="utf-8"))


def test_its_image_has_a_python_that_the_course_supports():
    lines = (FOLDER / MADE["build"]["dockerfile"]).read_text(encoding="utf-8").splitlines()
    (base,) = [line for line in lines if line.startswith("FROM ")]
    version = tuple(map(int, base.partition("python:")[2].partition("-")[0].split(".")))
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert version >= tuple(map(int, asked.removeprefix(">=").split(".")[:2])) and asked.startswith(">=")


def test_it_installs_what_the_readme_asks_for():
    dockerfile = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    assert all(package in dockerfile.split() for package in ("make", "git", "bubblewrap", "chromium"))


def test_the_command_that_sets_it_up_is_one_of_the_courses(capsys):
    from course.tasks import COMMANDS, read_arguments, stages

    words = MADE["postCreateCommand"].split()
    assert words[:2] == ["python", "tools/course.py"]
    options, extra = read_arguments(words[2:])
    assert options.command in COMMANDS and set(options.only) <= {stage.name for stage in stages()} and not extra

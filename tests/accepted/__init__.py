"""Right answers in other idioms, one module a notebook: what every check has to pass."""

from importlib import import_module
from pathlib import Path


def accepted(name: str) -> list:
    """Other right answers to an exercise such as "05.lstm_step"; empty where nobody has written any."""
    module = f"nb{name[:2]}"
    if not Path(__file__).with_name(f"{module}.py").is_file():
        return []
    return import_module(f"accepted.{module}").ACCEPTED.get(name, [])

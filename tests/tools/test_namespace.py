"""What a notebook defines can be had without its training runs, for each of them."""

import pytest
from course.sources import namespace, sources

SOURCE = """# %%
from math import sqrt

found = {}
for name in ("RNN", "LSTM"):
    found[name] = 1
best = found["LSTM"]
half = 3 / 2


# %%
def root(x):
    return sqrt(x)
"""


def test_a_value_that_a_loop_fills_is_left_out(tmp_path):
    path = tmp_path / "99_page.py"
    path.write_text(SOURCE)
    names = namespace(path)
    assert names["half"] == 1.5 and names["root"](4) == 2 and "best" not in names


def test_a_value_asked_for_by_name_says_why_it_cannot_be_had(tmp_path):
    path = tmp_path / "98_page.py"
    path.write_text(SOURCE)
    with pytest.raises(KeyError, match="LSTM"):
        namespace(path, ("best",))


def test_a_module_that_is_missing_is_not_passed_over(tmp_path):
    path = tmp_path / "97_page.py"
    path.write_text("# %%\nimport no_such_module_of_ours\n")
    with pytest.raises(ModuleNotFoundError):
        namespace(path)


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.stem)
def test_each_notebook_says_what_it_defines(path):
    assert len(namespace(path)) > 5

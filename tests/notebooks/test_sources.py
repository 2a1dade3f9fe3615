"""House rules of every notebook: what a reader may rely on, whichever notebook it is."""

import ast
import json
import re
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from course import editions
from course.sources import CHECK, cells, exercise_cells, sources

from seqlib.checks.exercise import exercises, module_names
from seqlib.display.questions import of_notebook

SOURCES = sources()
# The course as planned: a link may lead to a notebook that is not written yet, but not to one that never will be.
PLANNED = """00_start 01_why_order_matters 02_rnn 03_bptt 04_vanishing_gradients 05_lstm 06_gru 07_classify_and_tag
08_forecasting 09_generation 10_seq2seq 11_attention 12_captioning 13_self_attention 14_transformer 15_tokenization
16_gpt 17_bert 18_vit 19_speech_ctc 20_dna_protein 21_cost 22_linear_recurrence 23_choosing 24_bridge""".split()

pytestmark = pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)


def prose(path):
    return [c for c in cells(path) if c.kind == "markdown"]


def code(path):
    return [c for c in cells(path) if c.kind == "code"]


def lines_of(cell) -> int:
    return sum(1 for line in cell.text.splitlines() if line.strip())


def words_of(cell) -> int:
    """Words of prose: formulas count as one each, addresses not at all."""
    text = re.sub(r"```.*?```", "", cell.text, flags=re.S)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", " formula ", text, flags=re.S)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", " ", text)
    return len(re.findall(r"[\w'’-]*[A-Za-z0-9][\w'’-]*", text))


def is_short(path) -> bool:
    """The start, and the bridge that one looks things up in, ask for less than a notebook of the course."""
    return path.stem[:2] in ("00", "24")


def where(path, cell) -> str:
    return f"{path.name}:{cell.line}"


# -- measure ---------------------------------------------------------------------------------------------------------


def test_the_name_is_a_planned_one_and_the_title_begins_with_its_number(path):
    assert path.stem in PLANNED
    title = cells(path)[0]
    assert title.kind == "markdown" and title.text.startswith(f"# {path.stem[:2]} · ")
    beginning = " ".join(c.text for c in cells(path)[:2] if c.kind == "markdown").lower()
    assert "minutes" in beginning, "say how long it takes"
    assert re.search(r"before you start|prerequisite|you need", beginning), "say what a reader should know"


def test_code_cells_are_short(path):
    """The setup cell is the builder's. A cell that holds a solution shows the learner only its signature; a folded one
    shows nothing of its source until it is opened."""
    lengths = [lines_of(c) for c in code(path) if not c.folded]
    assert median(lengths) <= 8, sorted(lengths)
    for cell in code(path):
        cap = 40 if cell.folded else 30 if "### BEGIN SOLUTION" in cell.text else 25
        assert lines_of(cell) <= cap, f"{where(path, cell)}: {lines_of(cell)} lines of code"


def test_prose_cells_are_short(path):
    for cell in prose(path):
        if cell.text.lstrip("# ").lower().startswith("sources") or "## Sources" in cell.text:
            continue  # a list of references
        assert words_of(cell) <= 110, f"{where(path, cell)}: {words_of(cell)} words"


def test_never_three_code_cells_in_a_row(path):
    seen = [c for c in cells(path) if not c.folded]
    kinds = [c.kind for c in seen]
    for i in range(len(kinds) - 2):
        assert kinds[i : i + 3] != ["code"] * 3, f"{where(path, seen[i + 2])}: three code cells in a row"


def test_every_cell_has_something_in_it(path):
    for cell in cells(path):
        assert cell.text.strip(), f"{where(path, cell)} is empty"


# -- equations -------------------------------------------------------------------------------------------------------

TAG = re.compile(r"\\tag\{([^}]*)\}")
USED = re.compile(r"#\s*\((\d+\.\d+)\)(?:\s*,\s*\((\d+\.\d+)\))*\s*$", re.M)


def test_every_equation_reappears_in_the_code_and_the_other_way_round(path):
    tags = [t for c in prose(path) for t in TAG.findall(c.text)]
    number = str(int(path.stem[:2]))
    assert len(set(tags)) == len(tags), f"a tag stands twice: {sorted(t for t in tags if tags.count(t) > 1)}"
    for tag in tags:
        assert re.fullmatch(rf"{number}\.\d+", tag), f"\\tag{{{tag}}} in notebook {number}"
    ends = [re.search(r"#.*$", line) for c in code(path) for line in c.text.splitlines()]
    used = {n for end in ends if end for n in re.findall(r"\((\d+\.\d+)\)", end[0])}
    own = {n for n in used if n.split(".")[0] == number}
    assert not set(tags) - own, f"no line of code ends with # (n.m) for {sorted(set(tags) - own)}"
    assert not own - set(tags), f"# (n.m) without an equation: {sorted(own - set(tags))}"


def test_equations_mentioned_in_prose_exist(path):
    number = str(int(path.stem[:2]))
    tags = {t for c in prose(path) for t in TAG.findall(c.text)}
    for cell in prose(path):
        for mentioned in re.findall(rf"\(({number}\.\d+)\)", cell.text):
            assert mentioned in tags, f"{where(path, cell)}: ({mentioned}) is no equation here"


# -- what is seen ------------------------------------------------------------------------------------------------------

WIDE = 92  # what a laptop's screen shows of a line in JupyterLab


def test_no_line_of_code_is_cut_off(path):
    wide = [(cell.line + 1 + i, line) for cell in code(path) for i, line in enumerate(cell.text.splitlines())]
    wide = [f"{path.name}:{number}: {len(line)} columns" for number, line in wide if len(line) > WIDE]
    assert not wide, "\n".join(wide)


# -- predict, exercise, remember -------------------------------------------------------------------------------------


def test_the_reader_predicts_before_running(path):
    all_code = "\n".join(c.text for c in code(path))
    prompts = re.findall(r"^\s*(\w+)\s*=\s*None\b.*#.*\bpredict\b", all_code, flags=re.M)
    assert len(prompts) >= (1 if is_short(path) else 3), prompts
    assert len(re.findall(r"\breveal\(", all_code)) >= len(prompts), "each guess is shown beside what was measured"


def test_there_are_exercises_and_each_is_introduced(path):
    found = exercise_cells(path)
    assert len(found) >= (1 if is_short(path) else 5)
    everything = cells(path)
    for number, (name, cell) in enumerate(found.items(), 1):
        before = everything[everything.index(cell) - 1]
        assert before.kind == "markdown", f"{name}: prose stands before it"
        heading = rf"\*\*Exercise {path.stem[:2]}\.{number} · .+\*\* — ([●○]{{4}}), (\d+) minutes?, (core|stretch)"
        told = re.search(heading, before.text)
        assert told, (
            f"{where(path, before)}: expected **Exercise {path.stem[:2]}.{number} · name** — ●○○○, n minutes, core"
        )
        exercise = exercises(path.stem[:2])[name]
        assert told[1] == "●" * exercise.told.difficulty + "○" * (4 - exercise.told.difficulty), f"{name}: difficulty"
        assert int(told[2]) == exercise.told.minutes, f"{name}: minutes"
        assert (told[3] == "core") == exercise.told.core, f"{name}: core or stretch"


def test_every_exercise_has_a_docstring_and_its_check_shows_the_result(path):
    everything = code(path)
    for name, cell in exercise_cells(path).items():
        if not exercises(path.stem[:2])[name].value:
            definition = [n for n in ast.parse(cell.text).body if getattr(n, "name", "") == name[3:]][0]
            assert ast.get_docstring(definition), f"{name}: a docstring with shapes"
        check = everything[everything.index(cell) + 1]
        variable = name[3:]
        assert check.text.rstrip().splitlines()[-1].strip() == "result", f"{where(path, check)}: show `result` last"
        assert f"{variable}, result = check(" in check.text and CHECK.search(check.text)[2] == variable


def test_quiz_flashcards_and_claims(path):
    questions, cards = of_notebook(path.stem)
    assert len(questions) >= 6 and len(cards) >= 6
    for question in questions:
        assert len(question.choices) >= 3 and sum(c.right for c in question.choices) == 1, question.text
        assert all(len(c.why.split()) >= 3 for c in question.choices), (
            f"an explanation of every choice: {question.text}"
        )
    texts = [q.text for q in questions] + [card.front for card in cards]
    assert len(set(texts)) == len(texts)
    all_code = "\n".join(c.text for c in code(path))
    for shown in (f'quiz("{path.stem[:2]}")', f'flashcards("{path.stem[:2]}")', "claims("):
        assert shown in all_code, shown


def test_sources_are_given_with_their_sections(path):
    text = "\n".join(c.text for c in prose(path)[-3:])
    assert re.search(r"(\*\*|## )Sources", text)
    assert re.search(r"§|section|chapter|equation|pages?|experiment|table|figure", text[text.index("Sources") :], re.I)
    assert re.search(r"\b(19|20)\d\d\b", text)


def test_there_is_something_to_break(path):
    assert any(re.search(r"^#+ .*break", c.text, re.I | re.M) for c in prose(path)), (
        "a section that breaks it and measures"
    )


# -- links, paths, code ----------------------------------------------------------------------------------------------


def test_links_lead_somewhere(path):
    for cell in prose(path):
        for target in re.findall(r"\]\(([^)\s]+)\)", cell.text):
            if target.startswith(("http://", "https://", "#", "mailto:")):
                continue
            file = target.split("#")[0]
            planned = file.endswith(".ipynb") and Path(file).stem in PLANNED and "/" not in file
            assert planned or (path.parent / file).exists(), f"{where(path, cell)}: {target}"


def test_no_path_of_a_machine_and_no_leftovers(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(/home/|/root/|/Users/|/work/|/tmp/|[A-Z]:\\\\)", text)
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)


def test_every_loop_length_follows_the_budget(path):
    """A call of `train` without a budget runs in full even when only a smoke test is wanted."""
    for cell in code(path):
        for call in (n for n in ast.walk(ast.parse(cell.text)) if isinstance(n, ast.Call)):
            if getattr(call.func, "id", "") == "train":
                steps = next(
                    (k.value for k in call.keywords if k.arg == "steps"), call.args[2] if len(call.args) > 2 else None
                )
                assert steps is not None and not isinstance(steps, ast.Constant), (
                    f"{where(path, cell)}: steps=budget(…)"
                )


def test_the_checks_module_belongs_to_it(path):
    assert module_names()[path.stem[:2]] == f"nb{path.stem}"
    assert list(exercises(path.stem[:2])) == list(exercise_cells(path))


# -- what was executed -----------------------------------------------------------------------------------------------


@cache
def executed(path) -> dict:
    file = path.with_suffix(".ipynb")
    if not file.is_file():
        pytest.fail(f"{file.name} is not built: python tools/build.py")
    return json.loads(file.read_text(encoding="utf-8"))


def outputs(path):
    """(cell's source, kind of data, text) of every output."""
    for cell in executed(path)["cells"]:
        for output in cell.get("outputs", []):
            for kind, data in output.get("data", {"stream": output.get("text", "")}).items():
                yield "".join(cell["source"]), kind, data if isinstance(data, str) else "".join(map(str, data))


def test_every_picture_says_in_words_what_it_shows(path):
    for source, kind, text in outputs(path):
        if kind != "text/html":
            assert not kind.startswith("image/"), f"a picture without words (use show(fig, alt=…)):\n{source}"
            continue
        for tag in re.findall(r"<img\b[^>]*>", text):
            alt = re.search(r'\balt="([^"]*)"', tag)
            assert alt and len(alt[1]) >= 20, f"{tag[:80]} in\n{source}"
        for tag in re.findall(r"<svg\b[^>]*>", text):
            assert re.search(r'aria-(label|hidden|labelledby)="', tag) or "<title" in text, f"{tag[:120]} in\n{source}"


def test_outputs_load_nothing_from_elsewhere(path):
    loads = re.compile(
        r"""<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)\s*=\s*["']?(?:https?:)?//"""
        r"""|@import|url\(\s*["']?https?:|\b(?:import|fetch)\(\s*["']https?:""",
        re.I,
    )
    for source, kind, text in outputs(path):
        found = loads.search(text)
        assert not found, f"{kind}: {found[0]} in\n{source}"


def test_outputs_tell_nothing_of_the_machine(path):
    for source, _, text in outputs(path):
        visible = re.sub(r"data:[\w/+;=-]+,[^\"')\s]+", "", text)
        found = re.search(r"(/home/|/root/|/Users/|/work/|/tmp/|\bsite-packages\b).{0,40}", visible)
        assert not found, f"{found[0]} in\n{source}"


def test_nothing_failed_and_nothing_went_to_stderr(path):
    for cell in executed(path)["cells"]:
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", "".join(output["text"])


def test_no_widget_state(path):
    assert "widgets" not in executed(path)["metadata"]
    for source, kind, _ in outputs(path):
        assert "widget" not in kind, f"a widget without its twin in HTML:\n{source}"


def test_it_is_quick_and_small(path):
    """Three minutes a notebook, one a cell, by what the build noted."""
    seconds = editions.seconds(executed(path))
    assert len(seconds) > 5, "the build records how long each cell took"
    assert max(seconds) < 60 and sum(seconds) < 180, f"{sum(seconds):.0f} s, the longest cell {max(seconds):.0f} s"
    assert path.with_suffix(".ipynb").stat().st_size < 1.5e6

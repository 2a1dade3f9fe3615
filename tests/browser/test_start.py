"""The first notebook as a learner meets it: opened in JupyterLab, run whole, answered wrongly, then rightly."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MENU = re.compile(r"\*\*(\w+) → ([^*]+)\*\*")
CELLS = "jupyterapp.shell.currentWidget.content.widgets"


def write_answer(page, line: str) -> None:
    """Put a line in the place of `raise NotImplementedError` (or of an earlier answer) in the first exercise."""
    page.evaluate(
        f"""line => {{
            const cell = {CELLS}.find(c => c.model.sharedModel.getSource().startsWith('def next_position'));
            const kept = cell.model.sharedModel.getSource().split('\\n').slice(0, -1);
            cell.model.sharedModel.setSource([...kept, '    ' + line].join('\\n'));
        }}""",
        line,
    )


def result_text(lab, page, name: str) -> str:
    """The plain text of the check of an exercise: its score."""
    sources = page.evaluate(f"() => {CELLS}.map(c => c.model.sharedModel.getSource())")
    place = next(i for i, source in enumerate(sources) if f'check("{name}", {name[3:]})' in source)
    outputs = [o for o in lab.outputs(page)[place] if o["output_type"] == "execute_result"]
    return "".join(outputs[-1]["data"]["text/plain"])


def shown(lab, page) -> str:
    """The HTML of all outputs: JupyterLab itself keeps only the cells in view on the page."""
    return "".join(o.get("data", {}).get("text/html", "") for outputs in lab.outputs(page) for o in outputs)


def run_all(lab, page) -> None:
    lab.command(page, "notebook:run-all-cells")
    errors = [
        o for outputs in lab.outputs(page) for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"
    ]
    assert not errors


def named_in_menus(page, text: str) -> list[str]:
    """What `text` calls **Menu → Item** and JupyterLab's menus do not hold."""
    missing = []
    for menu, item in MENU.findall(text):
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        labels = page.locator(".lm-Menu-itemLabel").all_inner_texts()
        missing += [] if item in labels else [f"{menu} → {item}"]
        page.keyboard.press("Escape")
    return missing


def test_the_first_notebook_speaks_of_menus_that_jupyterlab_has(lab, new_page):
    told = prose((ROOT / "solutions" / "00_start.py").read_text(encoding="utf-8"))
    assert len(MENU.findall(told)) >= 2, "how to run a cell, how to begin afresh"
    lab.write("menus.ipynb", "1")
    page = new_page(allowed=lab.address)
    lab.open(page, "menus.ipynb")
    assert named_in_menus(page, "**Run → Restart and run all**") == ["Run → Restart and run all"]
    assert named_in_menus(page, told) == []


def prose(text: str) -> str:
    """The Markdown cells of a source, as one text without line breaks."""
    found = re.findall(r"# %% \[markdown\]\n(.*?)(?=\n# %%|\Z)", text, re.DOTALL)
    return " ".join(re.sub(r"^# ?", "", one, flags=re.MULTILINE) for one in found).replace("\n", " ")


def test_the_first_notebook_in_a_real_browser(lab, new_page):
    shutil.copy(ROOT / "notebooks" / "00_start.ipynb", lab.folder)
    page = new_page(allowed=lab.address)
    page.set_default_timeout(120_000)
    lab.open(page, "00_start.ipynb")
    run_all(lab, page)
    assert "This machine is ready" in shown(lab, page)
    assert result_text(lab, page, "00.next_position") == "0"

    write_answer(page, "return 2 * before - now")
    run_all(lab, page)
    assert result_text(lab, page, "00.next_position") == "0"
    assert "when the two positions change places" in shown(lab, page)

    write_answer(page, "return 2 * now - before")
    run_all(lab, page)
    assert result_text(lab, page, "00.next_position") == "2"

"""The parts of the site, without Sphinx and without a browser (tests/browser/test_site.py has those)."""

import io
import re
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
pytest.importorskip("bs4", reason="the site's packages are not installed (extra: site)")

from website import claims, finish, glossary, npm, pages, write  # noqa: E402

REPOSITORY = "https://github.com/someone/somewhere"


# --- what npm lends -----------------------------------------------------------------------------------


@pytest.fixture
def lent(tmp_path, monkeypatch):
    """(what is borrowed, a stand-in for npm, how often it was asked)."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    archive, asked = io.BytesIO(), []
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        member = tarfile.TarInfo("package/a/file.js")
        member.size = 4
        packed.addfile(member, io.BytesIO(b"1+1;"))
    data = archive.getvalue()

    def pack(package, folder):
        asked.append(package)
        (folder / "it.tgz").write_bytes(data)
        return folder / "it.tgz"

    return npm.Borrowed("it@1.0.0", npm.sha512(data), "a/file.js", npm.sha512(b"1+1;")), pack, asked


def test_a_borrowed_file_is_fetched_once(lent):
    what, pack, asked = lent
    assert npm.fetched(what, pack).read_bytes() == npm.fetched(what, pack).read_bytes() == b"1+1;"
    assert asked == ["it@1.0.0"]


def test_a_damaged_file_is_fetched_again_and_never_used(lent):
    what, pack, asked = lent
    npm.fetched(what, pack).write_bytes(b"evil")
    assert npm.fetched(what, pack).read_bytes() == b"1+1;" and len(asked) == 2


@pytest.mark.parametrize("wrong", ["integrity", "digest"])
def test_another_file_than_the_pinned_one_is_refused(lent, wrong):
    what, pack, _ = lent
    values = vars(what) | {wrong: npm.sha512(b"another")}
    with pytest.raises(npm.Missing, match="hash differs"):
        npm.fetched(npm.Borrowed(**values), pack)
    assert not list(npm.cache_folder().rglob("*.js"))


def test_without_npm_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    import build_site

    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setattr(npm.shutil, "which", lambda name: None)
    assert build_site.main(["--out", str(tmp_path / "site")]) == 1
    said = capsys.readouterr().err
    assert "no npm is here" in said and "What to do:" in said and "--plain-formulas" in said
    assert not (tmp_path / "site").exists()


# --- pages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, linked",
    [
        ("[a](../notebooks/02_rnn.ipynb)", "[a](02_rnn.ipynb)"),
        ("[a](02_rnn.ipynb#break-it)", "[a](02_rnn.ipynb#break-it)"),
        ("[**b**](notebooks/99_never.ipynb), c", "**b**, c"),
        ("[a](docs/checks.md)", "[a](checks.md)"),
        ("[`02_rnn.py`](02_rnn.py)", f"[`02_rnn.py`]({REPOSITORY}/blob/main/solutions/02_rnn.py)"),
        ("[a](../LICENSE)", f"[a]({REPOSITORY}/blob/main/LICENSE)"),
        ("[a](https://example.org/a.ipynb) [b](#here)", "[a](https://example.org/a.ipynb) [b](#here)"),
        ("![alt](picture.png)", "![alt](picture.png)"),
    ],
)
def test_links_are_turned_to_the_site(text, linked):
    assert pages.linked(text, REPOSITORY) == linked


def test_an_exercise_becomes_its_task_and_one_answer_folded():
    path = ROOT / "solutions" / "02_rnn.ipynb"
    cells = pages.page(path, REPOSITORY, {}).cells
    at = next(i for i, cell in enumerate(cells) if "task" in cell.metadata.get("tags", []))
    task, answer = cells[at : at + 2]
    assert "raise NotImplementedError" in task.source and not task.outputs
    assert "hide-input" in answer.metadata.tags and "SOLUTION" not in answer.source
    assert "states.append(h)" in answer.source and "states.append(h)" not in task.source


def test_a_place_stands_before_the_words_that_define_it():
    path = ROOT / "solutions" / "02_rnn.ipynb"
    cells = pages.page(path, REPOSITORY, {"**hidden units**": "def-x"}).cells
    text = next(cell.source for cell in cells if 'id="def-x"' in cell.source)
    assert text.index('id="def-x"') < pages.found("**hidden units**", text).start()


def test_words_are_found_however_lines_break():
    assert pages.found("**hidden units**", "H **hidden\nunits**, and") and not pages.found("a.c", "abc")


# --- glossary, claims, map ----------------------------------------------------------------------------


def test_every_entry_of_the_glossary_stands_where_it_says():
    assert glossary.lost() == []


def test_an_entry_whose_words_are_gone_is_noticed(monkeypatch):
    gone = glossary.Entry("state", "02", "**no such words**", "what is kept")
    monkeypatch.setattr(glossary, "read", lambda: {"Terms": [gone]})
    assert len(glossary.lost()) == 1 and "02" in glossary.lost()[0]


def test_names_stand_once_in_the_glossary():
    for entries in glossary.read().values():
        names = [entry.name for entry in entries]
        assert len(names) == len(set(names))


def test_a_line_that_is_no_entry_is_named(tmp_path):
    file = tmp_path / "glossary.txt"
    file.write_text("a | line | of | instructions\n\n== Terms\nstate | 02 | **state**\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 4"):
        glossary.read(file)


def test_every_row_of_every_claims_table_is_on_the_page():
    books = pages.sources()
    rows = [row for path in books for row in claims.of_page(path)]
    assert len(rows) == sum(
        output.get("data", {}).get("text/html", "").count("<tr><td>")
        for path in books for cell in pages.read(path).cells for output in cell.get("outputs", [])
        if pages.CLAIMS in output.get("data", {}).get("text/html", "")
    )  # fmt: skip
    assert {row.verdict for row in rows} <= set(claims.VERDICTS)
    page = claims.page(books)
    assert page.count('<tr data-verdict="') == len(rows)
    assert {path.stem for path in books} == {row.stem for row in rows}, "a notebook without claims"


def test_a_claim_leads_to_the_section_that_it_names():
    sections = ["sec-break-it", "sec-splits-that-do-not-leak", "sec-the-padded-state-misleads"]
    assert claims._nearest("Break it", sections) == "sec-break-it"
    assert claims._nearest("Splits", sections) == "sec-splits-that-do-not-leak"
    assert claims._nearest("The state", sections) == "sec-the-padded-state-misleads"
    assert claims._nearest("Elsewhere", sections) == "claims"


def test_a_section_has_the_runs_that_its_names_were_made_of():
    run = "18_official"
    assert claims._used(claims._statements(f'a = load("{run}")')[0], {}) == [run]
    assert claims._used(claims._statements('a = load("99_no_such_run")')[0], {}) == []
    assert claims._used(claims._statements("print(b[0])")[0], {"b": [run], "c": ["x"]}) == [run]
    assert set(claims._bound(claims._statements("for k, (v, w) in z: u = 1")[0])) == set("kvwu")


def test_every_claim_says_how_it_was_measured():
    rows = [row for path in pages.sources() for row in claims.of_page(path)]
    assert all(row.settings for row in rows)
    recorded = [row for row in rows if row.settings != [claims.LIVE]]
    assert len(recorded) > len(rows) / 2
    assert all(re.search(r"seeds?\. .* python tools/", line) for row in recorded for line in row.settings)


def test_the_page_of_claims_in_the_repository_has_every_row():
    rows = [row for path in pages.sources() for row in claims.of_page(path)]
    text = claims.markdown(pages.sources())
    assert sum(text.count(f"| **{verdict}** |") for verdict in claims.VERDICTS) == len(rows)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {6}, "a cell breaks its row"


def test_the_map_has_every_notebook_in_the_parts_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    stems = {path.stem[:2]: path.stem for path in pages.sources()}
    parts = write.parts(readme, stems)
    assert [stem for rows in parts.values() for stem, _ in rows] == sorted(stems.values())
    assert all(part.startswith(("Part ", "Appendix")) for part in parts)
    more = write.parts(readme, stems | {"99": "99_new"})
    assert more["More"] == [("99_new", "")]


def test_what_a_screen_reader_needs_is_mended():
    assert 'role="region" aria-label="Contents"' in finish.page('<div id="pst-primary-sidebar" class="a">')
    assert finish.page('<summary aria-label="Toggle hidden content">') == "<summary>"
    assert finish.page('<th scope="col"></th><th scope="col">a</th>') == '<td></td><th scope="col">a</th>'
    assert finish.page('<th class="head"><p></p></th>') == "<td></td>"

"""Without a network there is still a text."""

from seqlib.data.shakespeare import play_or_library


def test_without_a_network_there_is_still_a_text(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SEQLIB_DATA", str(tmp_path))
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:9/")
    text, name = play_or_library(1000)
    assert name == "Python's source" and len(text) == 1000 and "not available" in capsys.readouterr().out

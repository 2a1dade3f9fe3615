"""Python source by character: what `tokenize` says, distances to the quote, and nothing shared by the two sides."""

import io
import tokenize

import numpy as np
import pytest

from seqlib.data import syntax

SOURCE = (
    'x = 1  # one "quote"\n'
    "def f(y):\n"
    '    """Two lines,\n    not for real."""\n'
    "    return f\"{x!r:>{y}} \" + 'b' + 0x1F\n"
    "r = rb'a' if None else "
    '"""b"""\n'
)


def classes(source):
    return [syntax.CLASSES[label] for label in syntax.colour(source)]


def of(source, piece, which=0):
    """The classes of the characters of a piece of the source."""
    start = -1
    for _ in range(which + 1):
        start = source.index(piece, start + 1)
    return set(classes(source)[start : start + len(piece)])


def test_each_kind_of_character_has_its_class():
    source = SOURCE
    assert of(source, "x") == {"name"} and of(source, "1") == {"number"} and of(source, "=") == {"operator"}
    assert of(source, '# one "quote"') == {"comment"} and of(source, "def") == {"keyword"}
    assert of(source, '"""Two lines,\n    not for real."""') == {"docstring"}
    assert of(source, 'f"{x!r:>{y}} "') == {"string"} and of(source, "'b'") == {"string"}
    assert of(source, "0x1F") == {"number"} and of(source, "rb'a'") == {"string"}
    assert of(source, "None") == {"keyword"} and of(source, '"""b"""') == {"docstring"}
    assert of(source, "\n    return"[:5]) == {"space"}


def test_a_triple_quoted_f_string_is_one_docstring():
    source = 'a = f"""x {b + "c"}\n{d}""" + e\n'
    assert of(source, 'f"""x {b + "c"}\n{d}"""') == {"docstring"} and of(source, "e") == {"name"}
    depth = syntax.since_quote(source)
    assert depth[4:].tolist()[: len('f"""x {b + "c"}\n{d}"""')] == list(range(len('f"""x {b + "c"}\n{d}"""')))


def test_distance_to_the_quote():
    source = 'a = 1\n"""bc"""\nd = """e"""\n'
    assert syntax.since_quote(source).tolist() == [-1] * 6 + list(range(8)) + [-1] * 5 + list(range(7)) + [-1]
    assert (syntax.since_quote("x = 'abc'") == -1).all()


def test_half_a_string_is_told():
    with pytest.raises(ValueError, match="read to its end"):
        syntax.colour('x = """never closed')


def test_characters_go_there_and_back():
    text = "def f(x):\n\treturn 'é ☃'\n"
    assert syntax.decode(syntax.encode(text)) == text.replace("\t", "?").replace("é", "?").replace("☃", "?")
    assert syntax.decode(range(len(syntax.CHARACTERS))) == syntax.CHARACTERS
    assert syntax.encode("").shape == (0,)


def test_no_module_is_on_both_sides_and_the_same_seed_gives_the_same():
    names = ("bisect", "heapq", "keyword", "queue", "sched", "shlex", "no_such_module")
    train, test = syntax.python_source(np.random.default_rng(1), test=0.3, modules=names)
    assert not set(train.modules) & set(test.modules)
    assert set(train.modules) | set(test.modules) == set(names) - {"no_such_module"}
    again, _ = syntax.python_source(np.random.default_rng(1), test=0.3, modules=names)
    assert again.modules == train.modules and np.array_equal(again.ids, train.ids)
    with pytest.raises(ValueError, match="both sides"):
        syntax.python_source(np.random.default_rng(1), test=0.01, modules=names)


def test_labels_agree_with_tokenize_token_by_token():
    source = syntax.read_modules(["heapq", "queue"])
    assert len(source.ids) == len(source.labels) == len(source.depth)
    text = source.text[source.starts[1] :]
    labels, lines = source.labels[source.starts[1] :], text.splitlines(keepends=True)
    starts = np.cumsum([0, *map(len, lines)])
    seen = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NUMBER, tokenize.OP, tokenize.COMMENT, tokenize.NAME):
            place = slice(starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
            assert text[place] == token.string
            kinds = {syntax.CLASSES[label] for label in labels[place]}
            assert len(kinds) == 1, (token.string, kinds)
            if kinds not in ({"string"}, {"docstring"}):  # within an f-string everything is string
                named = {tokenize.NUMBER: "number", tokenize.OP: "operator", tokenize.COMMENT: "comment"}
                assert kinds <= {named.get(token.type, "name"), "keyword" if token.type == tokenize.NAME else ""}
                seen += 1
    assert seen > 300
    inside = source.depth >= 0
    assert (source.labels[inside] == syntax.CLASSES.index("docstring")).all()
    assert not (source.labels[~inside] == syntax.CLASSES.index("docstring")).any()


def test_long_docstrings_are_the_rule():
    """What makes the task need memory; a share, since the text differs between versions of Python."""
    source = syntax.read_modules(["argparse", "heapq", "statistics", "typing", "random", "shutil"])
    depth = source.depth[source.depth >= 0]
    assert 0.35 < (depth > 128).mean() < 0.9 and 0.08 < len(depth) / len(source.ids) < 0.6

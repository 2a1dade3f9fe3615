"""The data that is made here: what it promises by construction, and how hard it is."""

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.data import Vocabulary, ball, negation_grammar, pad_batch, sampler, stdlib_text
from seqlib.data.corpora import BAD, DISTANCES, GOOD


def sentiment(tokens):
    """The label by the rule: each adjective counts, the one in the scope of "not" the other way round."""
    middle = tokens.index("and")
    votes = set()
    for clause in (tokens[:middle], tokens[middle + 1 :]):
        good = clause[-1] in GOOD
        assert good or clause[-1] in BAD
        votes.add(good != ("not" in clause))
    assert len(votes) == 1, "the two clauses should agree"
    return int(votes.pop())


def test_labels_follow_the_rule_and_are_balanced():
    sentences, labels = negation_grammar(np.random.default_rng(0), 1000)
    assert len(sentences) == 1000 and labels.shape == (1000,) and labels.dtype == np.int64
    assert labels.sum() == 500
    assert [sentiment(tokens) for tokens in sentences] == labels.tolist()
    assert len({tuple(tokens) for tokens in sentences}) == 1000
    assert all(isinstance(token, str) for tokens in sentences[:20] for token in tokens)


def test_a_bag_of_words_cannot_tell():
    sentences, labels = negation_grammar(np.random.default_rng(1), 600)
    by_bag, by_shape = defaultdict(Counter), defaultdict(Counter)
    for tokens, label in zip(sentences, labels.tolist(), strict=True):
        by_bag[tuple(sorted(tokens))][label] += 1
        by_shape[len(tokens), tokens.index("not")][label] += 1
    assert all(counts[0] == counts[1] for counts in by_bag.values())
    assert all(counts[0] == counts[1] for counts in by_shape.values())


def test_the_test_set_shares_nothing_with_the_training_set():
    rng = np.random.default_rng(2)
    weights = [1.0]  # no filler at all: so few sentences that they would collide
    train, _ = negation_grammar(rng, 800, distances=weights)
    test, labels = negation_grammar(rng, 400, distances=weights, exclude=train)
    assert not {tuple(s) for s in train} & {tuple(s) for s in test}
    assert labels.sum() == 200
    with pytest.raises(ValueError, match="too few sentences"):
        negation_grammar(rng, 10_000, distances=weights)


def test_importing_the_data_package_is_light():
    code = "import sys, seqlib.data, seqlib.models.ngram; print({'torch', 'pooch', 'requests'} & set(sys.modules))"
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("set()", "")


def test_the_same_seed_gives_the_same_sentences():
    a, b = (negation_grammar(np.random.default_rng(7), 50) for _ in range(2))
    assert a[0] == b[0] and a[1].tolist() == b[1].tolist()


def test_distances_follow_their_weights():
    sentences, _ = negation_grammar(np.random.default_rng(3), 4000)
    found = Counter()
    for tokens in sentences:
        middle = tokens.index("and")
        for clause in (tokens[:middle], tokens[middle + 1 :]):
            found[len(clause) - clause.index("was") - 2 - ("not" in clause)] += 1
    share = np.array([found[d] for d in range(len(DISTANCES))]) / sum(found.values())
    np.testing.assert_allclose(share, np.array(DISTANCES) / sum(DISTANCES), atol=0.02)


def test_n_grams_see_a_part():
    linear_model = pytest.importorskip("sklearn.linear_model")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    rng = np.random.default_rng(0)
    train, y = negation_grammar(rng, 2000)
    test, y_test = negation_grammar(rng, 1000, exclude=train)
    scores = []
    for longest in (1, 2, 3, 4):
        counter = text.CountVectorizer(ngram_range=(1, longest))
        x = counter.fit_transform([" ".join(tokens) for tokens in train])
        x_test = counter.transform([" ".join(tokens) for tokens in test])
        scores.append(linear_model.LogisticRegression(max_iter=1000).fit(x, y).score(x_test, y_test))
    assert scores[0] == 0.5
    np.testing.assert_allclose(scores[1:], [0.57, 0.63, 0.69], atol=0.07)
    assert scores == sorted(scores)


@pytest.fixture
def one_thread():
    """Small matrices gain nothing from a second thread, and on a busy machine threads wait on each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_small_rnn_reads_it(one_thread):
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    train, y = negation_grammar(rng, 4000)
    test, y_test = negation_grammar(rng, 1000, exclude=train)
    vocabulary = Vocabulary.build(train)
    arrays = [pad_batch([vocabulary.encode(s) for s in part]) for part in (train, test)]
    (x, _, lengths), (x_test, _, lengths_test) = arrays
    embed, rnn, read = nn.Embedding(vocabulary.size, 16), nn.RNN(16, 32, batch_first=True), nn.Linear(32, 2)
    parameters = [p for part in (embed, rnn, read) for p in part.parameters()]

    def logits(ids, lengths):
        states, _ = rnn(embed(ids))
        return read(states[torch.arange(len(ids)), lengths - 1])

    optimizer = torch.optim.Adam(parameters, lr=5e-3)
    batch = sampler(x, lengths, y, batch_size=64)
    for step in range(400):
        ids, n, labels = batch(step)
        loss = nn.functional.cross_entropy(logits(ids, n), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        guess = logits(torch.from_numpy(x_test), torch.from_numpy(lengths_test)).argmax(1).numpy()
    assert (guess == y_test).mean() >= 0.95


@pytest.mark.parametrize("n", [-2, 3])
def test_sentences_come_in_pairs(n):
    with pytest.raises(ValueError, match="come in pairs"):
        negation_grammar(np.random.default_rng(0), n)


def test_distances_must_be_weights():
    for distances in [(), (-1.0, 2.0), (0.0, 0.0), [1.0] * 20]:
        with pytest.raises(ValueError, match="1 to 12 weights"):
            negation_grammar(np.random.default_rng(0), 2, distances=distances)


def test_ball_moves_straight_and_bounces():
    frames = ball(np.random.default_rng(0), 200, 60, dims=2)
    assert frames.shape == (200, 60, 2) and frames.dtype == np.float32
    assert frames.min() >= 0 and frames.max() <= 1
    moves = np.diff(frames, axis=1)
    assert np.abs(moves).max() <= 0.08 + 1e-6
    bounced = np.abs(np.diff(moves, axis=1)) > 1e-5
    assert 0.02 < bounced.mean() < 0.2
    near_wall = np.minimum(frames, 1 - frames)[:, 1:-1] < 0.081
    assert near_wall[bounced].all(), "a ball turns only at a wall"


def test_one_frame_is_not_enough_and_two_are():
    frames = ball(np.random.default_rng(1), 5000, 3)[..., 0].astype(float)
    past, now, then = frames.T
    from_two = np.abs(np.clip(2 * now - past, 0, 1) - then)
    inner = (now > 0.1) & (now < 0.9)
    # Given the place alone, left and right are equally likely: the best guess is to stay, off by the speed.
    slope, offset = np.polyfit(now[inner], (then - now)[inner], 1)
    from_one = np.abs(slope * now + offset + now - then)
    assert np.median(from_two) < 1e-6 < 0.03 < np.median(from_one)


def test_ball_noise_is_on_what_is_seen_only():
    quiet = ball(np.random.default_rng(2), 500, 20)
    noisy = ball(np.random.default_rng(2), 500, 20, noise=0.05)
    assert (noisy - quiet).std() == pytest.approx(0.05, rel=0.05)
    for bad in [{"dims": 0}, {"noise": -1}, {"speed": (0.2, 0.1)}, {"speed": (0.5, 1.5)}]:
        with pytest.raises(ValueError, match="should be"):
            ball(np.random.default_rng(0), 2, 5, **bad)


def test_stdlib_text_is_source_cut_at_a_line():
    text = stdlib_text(50_000)
    assert 40_000 < len(text) <= 50_000 and text.endswith("\n")
    assert text.isascii() and "\r" not in text
    assert text == stdlib_text(50_000) and stdlib_text(20_000) == text[: len(stdlib_text(20_000))]
    assert len(stdlib_text()) > 1_000_000
    ast.parse(stdlib_text(modules=("textwrap",)))
    assert stdlib_text(modules=("no_such_module", "bisect")) == stdlib_text(modules=("bisect",))
    with pytest.raises(ValueError, match="no source"):
        stdlib_text(modules=("no_such_module",))


def test_stdlib_text_is_not_a_file_of_the_learner(tmp_path, monkeypatch):
    (tmp_path / "bisect.py").write_text("mine = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "mine = 1" not in stdlib_text(modules=("bisect",))

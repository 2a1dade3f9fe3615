"""Figures: small, the same bytes each time, readable colours, alt text that survives."""

import base64
import io
import re

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

from seqlib.display import figures as plot  # noqa: E402
from seqlib.display import page  # noqa: E402

X = np.arange(1, 60)


@pytest.fixture(autouse=True)
def styled():
    with matplotlib.rc_context():
        plot.style()
        yield
    plt.close("all")


def curves(seed=0, labels=("RNN", "LSTM", "GRU")):
    rng = np.random.default_rng(seed)
    noise = lambda: 0.1 * rng.standard_normal((5, len(X)))  # noqa: E731
    return {label: plot.spread((k + 1) * np.exp(-X / 20) + noise()) for k, label in enumerate(labels)}


def line_figure():
    fig, ax = plot.figure()
    plot.lines(ax, X, curves(), chance=2.0)
    plot.bracket(ax, 20, 30, 2.6, "plateau")
    ax.set(xlabel="step", ylabel="loss (nats per token)", title="One claim")
    return fig


def heat_figure():
    fig, ax = plot.figure()
    matrix = np.random.default_rng(0).standard_normal((6, 11))
    plot.heatmap(ax, matrix, list("abcde "), list("hello world"), values=True, centre=0, bar="state")
    return fig


def bar_figure():
    fig, ax = plot.figure()
    plot.bars(ax, ["bag", "RNN"], [0.5, 0.97], spread=([0.48, 0.95], [0.52, 0.99]), chance=0.5, fmt="{:.0%}")
    return fig


FIGURES = [line_figure, heat_figure, bar_figure]


@pytest.mark.parametrize("figure", FIGURES)
def test_two_renders_are_the_same_bytes_and_small(figure):
    first, second = plot.png(figure()), plot.png(figure())
    assert first == second
    assert len(first) < 40 * 1024
    image = Image.open(io.BytesIO(first))
    assert image.mode == "P" and len(image.getcolors()) <= 128 and not image.info.get("Software")


@pytest.mark.parametrize("figure", FIGURES)
def test_few_colours_are_true_to_the_picture(figure):
    fig, raw = figure(), io.BytesIO()
    fig.savefig(raw, format="png", dpi="figure")
    full = np.asarray(Image.open(raw).convert("RGB"), dtype=int)
    small = np.asarray(Image.open(io.BytesIO(plot.png(fig))).convert("RGB"), dtype=int)
    assert (small[0, 0] == 255).all() and (small[-1, -1] == 255).all()
    assert np.abs(full - small).max() <= 40 and np.abs(full - small).mean() < 0.6


def test_show_gives_alt_text_in_html_and_in_plain_text(monkeypatch):
    shown = []
    monkeypatch.setattr(plot, "show_html", lambda html, text: shown.append((html, text)))
    fig = line_figure()
    plot.show(fig, alt='The "LSTM" <falls> faster\n   than the RNN.')
    html, text = shown[0]
    assert text == 'The "LSTM" <falls> faster than the RNN.'
    assert 'alt="The &quot;LSTM&quot; &lt;falls&gt; faster than the RNN."' in html
    assert 'style="max-width:100%"' in html and "<script" not in html
    data = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    assert data.startswith(b"\x89PNG") and not plt.fignum_exists(fig.number)


@pytest.mark.parametrize("alt", ["", "loss curve", " " * 40])
def test_show_refuses_an_alt_that_says_nothing(alt):
    with pytest.raises(ValueError, match="alt should say"):
        plot.show(line_figure(), alt=alt)


def test_nothing_goes_to_stderr_when_a_glyph_is_missing(capfd, recwarn):
    fig, ax = plot.figure()
    ax.set_title("語 missing in the font")
    plot.show(fig, alt="A title with a character that the font does not have")
    assert capfd.readouterr().err == "" and not recwarn.list


def test_show_in_a_terminal_prints_the_alt(capsys):
    assert not page.in_notebook()
    plot.show(bar_figure(), alt="Two bars, the second nearly twice as high")
    assert capsys.readouterr().out == "Two bars, the second nearly twice as high\n"


def test_each_line_has_its_own_colour_and_style():
    _, ax = plot.figure()
    plot.lines(ax, X, curves(labels=[f"model {k}" for k in range(7)]))
    drawn = ax.get_lines()
    assert len({line.get_color() for line in drawn}) == 7
    assert len({str(line._unscaled_dash_pattern) for line in drawn}) == 7


def luminance(colour):
    parts = np.array(matplotlib.colors.to_rgb(colour))
    return float(np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))


def test_colours_stand_out_from_white():
    """WCAG asks 3:1 of a line; those below it have a dash pattern and a place late in the cycle."""
    contrast = [1.05 / (luminance(colour) + 0.05) for colour in plot.CYCLE]
    assert all(value >= 3 for value in contrast[:3]) and all(value >= 2 for value in contrast)
    assert 1.05 / (luminance(plot.GREY) + 0.05) >= 4.5


def test_style():
    rc = matplotlib.rcParams
    assert rc["figure.facecolor"] == rc["savefig.facecolor"] == "white"
    assert not rc["axes.spines.top"] and not rc["axes.spines.right"]
    assert list(rc["figure.figsize"]) == [7, 3.2] and rc["figure.dpi"] == 110


def test_lines_takes_tensors_plain_curves_and_bands():
    _, ax = plot.figure()
    x = torch.arange(5)
    plot.lines(ax, x, {"one": torch.ones(5, requires_grad=True), "band": (x * 1.0, x - 1.0, x + 1.0)})
    assert [line.get_label() for line in ax.get_lines()] == ["one", "band"]
    assert len(ax.collections) == 1 and ax.get_legend() is not None


def test_one_line_needs_no_legend():
    _, ax = plot.figure()
    plot.lines(ax, X, {"alone": X})
    assert ax.get_legend() is None


def test_heatmap_writes_what_the_cells_hold_and_centres_signed_values():
    _, ax = plot.figure()
    picture = plot.heatmap(ax, torch.tensor([[0.5, -2.0, 1.0]]), ["\n"], ["a", " ", ""], values="{:+.1f}", centre=0)
    assert [text.get_text() for text in ax.texts] == ["+0.5", "-2.0", "+1.0"]
    assert picture.get_clim() == (-2.0, 2.0)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "␣", "∅"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["↵"]


def test_text_on_a_cell_stands_out_from_it():
    _, ax = plot.figure()
    picture = plot.heatmap(ax, np.linspace(0, 1, 12)[None], values=True)
    for value, text in zip(np.linspace(0, 1, 12), ax.texts, strict=True):
        one, other = luminance(picture.cmap(picture.norm(value))[:3]), luminance(text.get_color())
        assert (max(one, other) + 0.05) / (min(one, other) + 0.05) > 3


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda ax: plot.lines(ax, X, {"a": X[:-1]}), r"'a' should have shape \(59,\)"),
        (lambda ax: plot.lines(ax, X, {"a": (X, X)}), r"got \(2, 59\)"),
        (lambda ax: plot.bars(ax, ["a"], [1, 2]), "like labels"),
        (lambda ax: plot.heatmap(ax, np.zeros(3)), "two axes"),
        (
            lambda ax: plot.heatmap(ax, np.zeros((2, 3)), columns="ab"),
            "expected 3 names for the columns, got 2",
        ),
        (lambda ax: plot.spread([1, 2]), "two axes"),
    ],
)
def test_wrong_shapes_are_named(draw, says):
    _, ax = plot.figure()
    with pytest.raises(ValueError, match=says):
        draw(ax)


def test_spread():
    mean, low, high = plot.spread([[1, 5], [3, 4]])
    assert mean.tolist() == [2, 4.5] and low.tolist() == [1, 4] and high.tolist() == [3, 5]

"""Make the picture at the front door: an explorer that reads Python, then a wrong answer that is told what it is.

    python tools/front_picture.py      writes docs/site/front.webp (it moves) and docs/site/front.png (it stands)

Both scenes are the course's own: the explorer is the one that notebook 05 leaves behind, with the network trained
there, moved by its slider; the verdict is what check() says of that answer. Needs Chromium (or COURSE_CHROMIUM) and
playwright.
"""

import io
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "tools"):
    sys.path.insert(0, str(folder))

from course.tasks import find_chromium  # noqa: E402
from website import pages  # noqa: E402

WIDTH, HEIGHT = 800, 690
FIRST, LAST, STRIDE = 9, 61, 2  # steps of the explorer: from the end of a line of code into a docstring
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #fff; color: #1f2328; font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }}
h1 {{ margin: 0; padding: 12px 16px 8px; font-size: 20px; }} main {{ padding: 0 10px; }}
pre {{ margin: 0 0 10px; padding: 12px 14px; background: #f6f8fa; border-radius: 8px; font: 15px/1.45 "DejaVu Sans
Mono", monospace; }} {style}</style><h1>{title}</h1><main>{body}</main>"""

ANSWER = """\
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    gates = x_t @ W_xh + h_prev @ W_hh + b_h
    i, f, g, o = np.split(gates, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = f * c_prev + i * g
    h_t = o * c_t
    return h_t, c_t
"""


def explorer() -> str:
    """The gate explorer that notebook 05 leaves behind, with its trained network."""
    for cell in pages.read(ROOT / "solutions" / "05_lstm.ipynb").cells:
        for output in cell.get("outputs", []):
            if 'class="sx' in (html := output.get("data", {}).get("text/html", "")):
                return html
    raise SystemExit("notebook 05 has no explorer: build it first (tools/build.py 05)")


def verdict() -> str:
    """What the check of 05.lstm_step says of ANSWER, as its card."""
    import numpy as np

    from seqlib import check

    names = {"np": np, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    exec(compile(ANSWER, "answer", "exec"), names)
    return check("05.lstm_step", names["lstm_step"])[1]._repr_html_()


def highlighted(code: str) -> tuple[str, str]:
    """(HTML of the code, the style that it needs)."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    formatter = HtmlFormatter(style="friendly", nobackground=True)
    return highlight(code, PythonLexer(), formatter), formatter.get_style_defs(".highlight")


def frames(page, folder: Path):
    """(PNG, milliseconds that it stays) of every moment of both scenes."""

    def show(title: str, body: str, style: str = "") -> None:
        file = folder / "scene.html"
        file.write_text(PAGE.format(title=title, body=body, style=style), encoding="utf-8")
        page.goto(file.as_uri())

    show("A network that you train reads Python: look inside its gates", explorer())
    page.wait_for_selector(".sx[data-result]")
    slider = page.locator(".sx input[type=range]").first
    for step in range(FIRST, LAST + 1, STRIDE):
        slider.evaluate("(node, at) => { node.value = at; node.dispatchEvent(new Event('input')); }", step)
        yield page.screenshot(), 2500 if step + STRIDE > LAST else 220

    title, lines = "You build each part. A wrong answer is told what it is", ANSWER.splitlines(keepends=True)
    for count in (3, len(lines)):
        code, style = highlighted("".join(lines[:count]))
        show(title, code, style)
        yield page.screenshot(), 700
    show(title, code + verdict(), style)
    yield page.screenshot(), 7000


def main() -> int:
    from PIL import Image
    from playwright.sync_api import sync_playwright

    chromium = find_chromium()
    if not chromium:
        print(
            "Cannot go on: no Chromium here.\nWhat to do: install it, or name it in COURSE_CHROMIUM.", file=sys.stderr
        )
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["SEQLIB_HOME"] = folder  # nobody's progress is touched
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        # Few colours without dithering: less than half the size without loss, and no ghosts of the moment before.
        shown = [
            (Image.open(io.BytesIO(png)).convert("RGB").quantize(48, dither=Image.Dither.NONE).convert("RGB"), stays)
            for png, stays in frames(page, Path(folder))
        ]
        browser.close()
    images, stays = [image for image, _ in shown], [stay for _, stay in shown]
    target = ROOT / "docs" / "site"
    # Three times and then it stands, on the verdict: nothing moves for ever beside a text that is being read.
    images[0].save(
        target / "front.webp", save_all=True, append_images=images[1:], duration=stays, loop=3, lossless=True
    )
    images[-1].quantize(64).save(target / "front.png", optimize=True)
    for name in ("front.webp", "front.png"):
        print(f"- docs/site/{name}: {(target / name).stat().st_size / 1000:.0f} kB, {len(images)} moments")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Build the web site from the executed notebooks: `make site`. Nothing is executed, and nothing is fetched but MathJax.

python tools/build_site.py                      build site/_build/html
python tools/build_site.py --plain-formulas     without MathJax: formulas are shown as they are written
python tools/build_site.py --out FOLDER         build elsewhere
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT, ROOT / "tools"):
    sys.path.insert(0, str(folder))

from website import npm, write  # noqa: E402

OUT = ROOT / "site" / "_build"


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to build in")
    parser.add_argument("--plain-formulas", action="store_true", help="leave MathJax out")
    parser.add_argument(
        "--books", nargs="*", default=[], metavar="NN", help="these notebooks alone, to look at one soon"
    )
    options = parser.parse_args(argv)
    began, mathjax = time.perf_counter(), None
    if not options.plain_formulas:
        try:
            mathjax = npm.fetched(npm.MATHJAX)
        except npm.Missing as missing:
            print(
                f"Cannot go on: MathJax, which sets the formulas, is not here: {missing}.\n"
                "What to do: install Node.js, which brings npm, and run this once with a network (later builds need "
                "none);\nor build without: make site ARGS=--plain-formulas (formulas then show as they are written).",
                file=sys.stderr,
            )
            return 1
    status = write.build(options.out.resolve(), mathjax, options.books)
    if status == 0:
        index = options.out.resolve() / "html" / "index.html"
        print(f"- built in {time.perf_counter() - began:.0f} s; open {index.as_uri()}")
    return status


if __name__ == "__main__":
    sys.exit(main())

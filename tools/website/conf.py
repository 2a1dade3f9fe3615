"""Sphinx's settings. The builder (tools/build_site.py) writes this file beside the pages that it makes."""

import json
from pathlib import Path

settings = json.loads((Path(__file__).parent / "settings.json").read_text(encoding="utf-8"))

project = html_title = settings["title"]
author = settings["author"]
extensions = ["myst_nb"]
exclude_patterns = []
language = "en"
smartquotes = False
show_warning_types = True

nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/html", 5)]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
# Where a cell could not be highlighted (a line of IPython's own), it is shown plainly.
suppress_warnings = ["misc.highlighting_failure", "mystnb.unknown_mime_type", "myst.header"]

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False  # it fetches every page that is found, which file:// refuses
html_domain_indices = html_use_index = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "repository_url": settings["repository"],
    "repository_branch": "main",
    "path_to_docs": "notebooks",
    "use_repository_button": True,
    "use_issues_button": True,
    "use_download_button": False,
    "home_page_in_toc": False,
    "show_toc_level": 2,
    "search_bar_text": "Search the course …",
    "show_navbar_depth": 1,
    "launch_buttons": {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    },
}
mathjax_path = "tex-svg.js" if settings["formulas"] else "plain.js"
mathjax3_config = {
    "options": {"enableMenu": False, "ignoreHtmlClass": "mathjax_ignore"},
    "svg": {"fontCache": "local"},
}

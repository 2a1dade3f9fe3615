"""The flashcards of the whole course on one page, asked again at growing distances; boxes are kept in the browser."""

import json

from website import pages


def page(paths) -> str:
    """The page in Markdown: a trainer for scripts (cards.js), and every card to open where there are none."""
    from seqlib.display import html
    from seqlib.display.questions import of_notebook

    titles, cards, lists = pages.titles(), [], []
    for path in paths:
        faces = ""
        for card in of_notebook(path.stem)[1]:
            front, back = html.inline(card.front), html.inline(card.back)
            key = html.identity(path.stem[:2], card.front)
            cards.append({"key": key, "book": path.stem[:2], "front": front, "back": back})
            faces += f"<details><summary>{front}</summary><p>{back}</p></details>"
        lists.append(f'\n\n### {titles[path.stem]}\n\n<div class="faces mathjax_ignore">{faces}</div>')
    data = json.dumps(cards, ensure_ascii=True).replace("<", "\\u003c")
    names = json.dumps({path.stem[:2]: titles[path.stem] for path in paths}).replace("<", "\\u003c")
    return (
        "# Flashcards of the whole course\n\n"
        f"{len(cards)} cards. Say the answer, then turn the card. What you knew moves one box on and is asked later: "
        "after 1, 2, 4, 8, 16 days; what you did not know goes back to the first box. The boxes are kept in this "
        "browser and nowhere else.\n\n"
        '<div id="trainer" class="trainer mathjax_ignore"><p>With scripts switched off there is no trainer; every card '
        "is below.</p></div>\n\n"
        f'<script type="application/json" id="cards">{data}</script>\n'
        f'<script type="application/json" id="books">{names}</script>\n'
        '<script src="_static/cards.js" defer></script>\n\n'
        f"## Every card{''.join(lists)}\n"
    )

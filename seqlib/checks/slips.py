"""A mistake is written as an edit of the right answer, so that the answer stays plain and the slip is seen at a glance.

mistakes=slips(lstm_step, {"the tanh around $c_t$ is forgotten": "o * np.tanh(c_t) → o * c_t"})
"""

import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping

ARROW = " → "


def slips(answer: Callable, edits: Mapping[str, str | tuple[str, ...]], /, **names) -> dict[str, Callable]:
    """{diagnosis: wrong answer}, each the source of `answer` (a function or a class) with one edit.

    An edit is "old → new", or several of them in a tuple. The old text stands exactly once in the source, else
    ValueError, so that an edit cannot miss what it means. Nothing after the arrow takes the old text away. `names` are
    known to the wrong answers besides what the module of `answer` knows.
    """
    source = textwrap.dedent(inspect.getsource(answer))
    return {told: _Slip(answer, _edited(source, edit, told), names).made() for told, edit in edits.items()}


def _edited(source: str, edit, told: str) -> str:
    for single in (edit,) if isinstance(edit, str) else edit:
        old, arrow, new = single.partition(ARROW.rstrip())
        old, new = old.removesuffix(" "), new.removeprefix(" ")
        if not arrow or not old or old == new:
            raise ValueError(f"an edit is written 'old{ARROW}new', not {single!r} ({told})")
        found = source.count(old)
        if found != 1:
            raise ValueError(f"{old!r} stands {found} times in the right answer, where once is needed ({told})")
        source = source.replace(old, new)
    return source


class _Slip:
    """The edited source, compiled when it is first used: a check in a notebook rarely needs more than a few."""

    count = 0

    def __init__(self, answer, source, names):
        self.answer, self.source, self.names, self.made_of = answer, source, names, None
        _Slip.count += 1
        self.file = f"<slip {_Slip.count} of {answer.__name__}>"

    def build(self):
        if self.made_of is None:
            module = inspect.getmodule(self.answer)
            known = {**vars(module), **self.names}
            linecache.cache[self.file] = (len(self.source), None, self.source.splitlines(True), self.file)
            exec(compile(self.source, self.file, "exec"), known)
            self.made_of = known[self.answer.__name__]
        return self.made_of

    def made(self) -> Callable:
        if inspect.isclass(self.answer):
            return self.build()

        def wrong(*args, **kwargs):
            return self.build()(*args, **kwargs)

        wrong.__name__, wrong.source = self.answer.__name__, self.source
        return wrong

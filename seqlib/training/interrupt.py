"""The stop button, held back until it does no harm."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager


class HeldInterrupts:
    """Within `with HeldInterrupts() as stop:`, an interrupt waits for the next `stop.check()`.

    A step of training is never torn in two, so its state can be saved and resumed to the bit. A second press
    interrupts at once, and so does any press inside `with stop.released():`.
    """

    def __enter__(self):
        self.pressed, self.held, self._before = False, True, None
        # Python delivers signals to the main thread only; elsewhere there is nothing to hold.
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number, frame) -> None:
        """The signal handler."""
        if self.pressed or not self.held:
            raise KeyboardInterrupt
        self.pressed = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if the button was pressed."""
        if self.pressed:
            raise KeyboardInterrupt

    @contextmanager
    def released(self):
        """A stretch that may be interrupted anywhere."""
        self.check()
        self.held = False
        try:
            yield
        finally:
            self.held = True

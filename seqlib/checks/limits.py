"""Run a call that may never end: stop it after a while, whatever it catches."""

import contextlib
import ctypes
import signal
import threading
import time


class TookTooLong(BaseException):
    """Raised inside the learner's code. Not an `Exception`, so that `except Exception` does not swallow it."""


def _cpu_clock():
    """Seconds of processor time used by the calling thread, readable from another thread where that is possible."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(threading.get_ident())
        return lambda: time.clock_gettime(clock)
    return time.monotonic


class time_limit(contextlib.AbstractContextManager):
    """Raise TookTooLong in the block after `seconds` of its own processor time, or `patience` times that by the clock.

    Processor time where the platform tells it, so that a busy machine does not fail an honest answer. The exception
    is raised again every 50 ms until the block ends, because a loop may catch it. Code inside one long call of a
    compiled library is stopped when that call returns.
    """

    def __init__(self, seconds: float = 2.0, patience: float = 5.0):
        self.seconds, self.patience = seconds, patience
        self.lock, self.active, self.fired = threading.Lock(), False, False

    def __enter__(self):
        self.thread = threading.get_ident()
        self.by_signal = threading.current_thread() is threading.main_thread() and hasattr(signal, "pthread_kill")
        if self.by_signal:
            self.previous = signal.signal(signal.SIGALRM, self._raise)
        self.active = True
        self.done = threading.Event()
        self.watcher = threading.Thread(target=self._watch, args=(_cpu_clock(),), daemon=True)
        self.watcher.start()
        return self

    def _raise(self, *_):
        if self.active:
            raise TookTooLong

    def _watch(self, cpu):
        start_cpu, start = cpu(), time.monotonic()
        while not self.done.wait(0.05):
            if cpu() - start_cpu < self.seconds and time.monotonic() - start < self.seconds * self.patience:
                continue
            with self.lock:
                if self.active:
                    self.fired = True
                    self._interrupt()

    def _interrupt(self):
        if self.by_signal:
            signal.pthread_kill(self.thread, signal.SIGALRM)
        else:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), ctypes.py_object(TookTooLong))

    def _close(self):
        with self.lock:
            self.active = False
        self.done.set()
        if not self.by_signal:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), None)
        elif self.previous is not None:
            signal.signal(signal.SIGALRM, self.previous)

    def __exit__(self, *_):
        while True:
            try:
                self._close()
                return None
            except TookTooLong:        # it came while the block was being left: leave all the same
                continue

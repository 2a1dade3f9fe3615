"""Run a call that may never end or ask for all the memory there is: stop it after a while, whatever it catches."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

SPARE = (
    512 * 2**20
)  # bytes that a limited block may take beyond what the process has: the free memory of a small machine
STACK = (
    16 * 2**20
)  # and so many for each core: a library that starts its threads in the block ends the process otherwise
PATIENCE = 2.0  # seconds by the clock that even the shortest block is given
UNHEARD = 10  # alarms in a row that are not answered: they are blocked, or one long call is at work


class TookTooLong(BaseException):
    """Raised inside the learner's code. Not an `Exception`, so that `except Exception` does not swallow it."""


def _cpu_clock():
    """Seconds of processor time used by the calling thread, readable from another thread where that is possible."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(threading.get_ident())
        return lambda: time.clock_gettime(clock)
    return time.monotonic


class time_limit(contextlib.AbstractContextManager):
    """Raise TookTooLong in the block after `seconds` of its own processor time, or `patience` times that by the clock,
    two seconds at least: on a busy machine a short block may wait that long for its turn.

    Processor time where the platform tells it, so that a busy machine does not fail an honest answer. The exception
    is raised again every 50 ms until the block ends, because a loop may catch it; from the second time on also at the
    next line, which lies outside a `try` that waits (`try: sleep(1)` with a bare `except: pass`). Code inside one long
    call of a compiled library is stopped when that call returns.
    """

    def __init__(self, seconds: float = 2.0, patience: float = 2.5):
        self.seconds, self.longest = seconds, max(seconds * patience, PATIENCE)
        # What is raised may come while the block is being left: a lock that can be taken twice, and a bell (a lock that
        # is let go) that takes one step to ring, or else leaving it again would wait for itself.
        self.lock, self.bell, self.active, self.shots = threading.RLock(), threading.Lock(), False, 0
        self.waited, self.thrown = 0, False  # alarms that were sent; whether one came by another way
        self.bell.acquire()

    def __enter__(self):
        self.thread, self.outside, self.tracer = threading.get_ident(), sys._getframe(1), sys.gettrace()
        self.by_signal = threading.current_thread() is threading.main_thread() and hasattr(signal, "pthread_kill")
        if self.by_signal:
            self.previous = signal.signal(signal.SIGALRM, self._raise)
        self.active = True
        try:
            threading.Thread(target=self._watch, args=(_cpu_clock(),), daemon=True).start()
        except BaseException:  # no room for another thread: leave no handler behind
            self.close()
            raise
        return self

    def _raise(self, _, frame):
        if not self.active or _inside_this_file(frame) or _importing(frame):
            return
        self.shots += 1
        if self.shots > 1:
            while frame not in (None, self.outside):
                frame.f_trace, frame = self._raise_at_line, frame.f_back
            sys.settrace(self._raise_at_line)
        raise TookTooLong

    def _raise_at_line(self, frame, event, arg):
        if event == "line" and self.active and not _inside_this_file(frame):
            raise TookTooLong
        return self._raise_at_line

    def _watch(self, cpu):
        start_cpu, start = cpu(), time.monotonic()
        while not self.bell.acquire(timeout=min(0.05, self.seconds / 4)):
            if cpu() - start_cpu < self.seconds and time.monotonic() - start < self.longest:
                continue
            if self.lock.acquire(timeout=0.05):
                try:
                    if self.active:
                        self._interrupt()
                finally:
                    self.lock.release()

    def _interrupt(self):
        frame = sys._current_frames().get(self.thread)
        if _importing(frame) or _inside_this_file(frame):
            return
        # An answer may have another handler in place, or none: the default one would end the process.
        heard = self.waited - self.shots < UNHEARD
        if self.by_signal and heard and signal.getsignal(signal.SIGALRM) == self._raise:
            self.waited += 1
            signal.pthread_kill(self.thread, signal.SIGALRM)
        else:
            self.shots += not self.by_signal
            self.thrown = True
            self._raise_in_thread()

    def _raise_in_thread(self):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), ctypes.py_object(TookTooLong))

    def _let_the_last_one_come(self):
        """Nothing may be raised later. Clearing it instead would leave the interpreter's flag for such exceptions set
        for good, and a function that is profiled in Python 3.11 then never starts."""
        with contextlib.suppress(TookTooLong):
            self._raise_in_thread()
            for _ in range(1_000_000):
                pass

    def _close(self):
        with self.lock:
            self.active, self.outside = False, None
        if self.bell.locked():
            self.bell.release()
        if self.thrown:
            self._let_the_last_one_come()
        if not self.by_signal:
            return
        # The default action would end the process if a last alarm were still on its way.
        signal.signal(signal.SIGALRM, _nothing if self.previous in (None, signal.SIG_DFL) else self.previous)
        if self.shots > 1:
            sys.settrace(self.tracer)

    def close(self):
        """Stop watching. May be called again."""
        while True:
            try:
                return self._close()
            except TookTooLong:  # it came while the block was being left: leave all the same
                continue

    def __exit__(self, *_):
        self.close()


def _nothing(*_):
    pass


def _importing(frame) -> bool:
    """Whether a module is being imported: broken off in the middle, it would leave ruins that crash the process."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _inside_this_file(frame) -> bool:
    """Whether the block is only being entered or left: nothing is raised there, so that all is put back."""
    while frame is not None:
        if frame.f_code.co_filename == __file__:
            return True
        frame = frame.f_back
    return False


class memory_limit(contextlib.AbstractContextManager):
    """Let the block take no more than `spare` bytes beyond what the process has: what needs more raises MemoryError.

    For programs that nobody has read, such as `np.zeros(huge)`: a limit on time cannot end what one long call of a
    compiled library does. The limit is the process's; blocks that run side by side share it, and the last to leave
    puts back what was there before. Where the system knows no such limit (Windows, macOS), nothing is limited.
    """

    lock, blocks, before = threading.Lock(), 0, None

    def __init__(self, spare: int | None = None):
        self.spare = SPARE + STACK * (os.cpu_count() or 1) if spare is None else spare

    def __enter__(self):
        with self.lock:
            memory_limit.blocks += 1
            if memory_limit.blocks == 1:
                memory_limit.before = _limited(self.spare)
        return self

    def __exit__(self, *_):
        with self.lock:
            memory_limit.blocks -= 1
            if not memory_limit.blocks and memory_limit.before is not None:
                import resource

                resource.setrlimit(resource.RLIMIT_DATA, memory_limit.before)
                memory_limit.before = None


def _limited(spare: int) -> tuple[int, int] | None:
    """Set the limit; what it was before, None where nothing was done. A lower limit that is there already stays."""
    taken = _taken()
    if taken is None:
        return None
    import resource

    soft, hard = before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = min([taken + spare, *(limit for limit in before if limit != resource.RLIM_INFINITY)])
    if wanted == soft:
        return None
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
        return before
    return None


def _taken() -> int | None:
    """Bytes of the process's own data, as Linux counts them against RLIMIT_DATA; None where nobody says."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
            kilobytes = next(line.split()[1] for line in lines if line.startswith("VmData:"))
    except (OSError, StopIteration):
        return None
    return int(kilobytes) * 1024 if kilobytes != "0" else None

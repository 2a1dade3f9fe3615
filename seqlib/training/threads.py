"""How many threads a training on the CPU takes: tried while it runs, the faster kept.

On two idle cores a second thread saves a quarter to a third of a step; on a busy machine the same thread makes it many
times slower, for its threads wait for each other: three to eight times beside one other work, forty (20 s for a step)
beside fifteen. So nothing is tried unless processors stand idle; whether a thread then gains, only trying tells.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from statistics import median

import torch

from seqlib import expect
from seqlib.runtime import asked_threads, processors

SMALL = 0.002  # seconds: a step shorter than this has nothing to share out
LOOKED_AT = 5  # steps that tell how long one takes; the first after a change is not among them
GAIN, LOSS = 0.93, 1.15  # kept below this share of the time before; given up above that one of a single thread's
GROSS, VAST = 1.5, 3.0  # after two steps as slow as the one, or one as slow as the other, nobody waits for five
FREE = 0.7  # of a processor has to stand idle for each thread more that is tried
FIRST_TRIAL, LAST_TRIAL = 1.0, 30.0  # seconds from one trial to the next: each that fails doubles them


def idle_seconds() -> float | None:
    """How long the machine's processors have stood idle, all together, since some moment; None if that is unknown."""
    try:
        import psutil

        times = psutil.cpu_times()
    except (ImportError, OSError):
        return None
    return times.idle + getattr(times, "iowait", 0.0)


class Threads:
    """The number of threads from step to step. `changes` holds [step, threads] for each change, the first at its start.

    most: how many there may be; 1 never changes anything. `took(step, seconds)` is told how long a step took.
    idle: tells how many seconds the processors have stood idle so far, or None; clock: what time it is.
    """

    def __init__(
        self,
        most: int,
        start: int = 0,
        changes: list | None = None,
        idle: Callable[[], float | None] = idle_seconds,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self.most, self.changes = most, [] if changes is None else changes
        self.now_and_idle = lambda: (clock(), idle())
        self.single = None  # seconds of a step with one thread, when it was last looked at: what more have to beat
        self.on_trial = None  # (threads before, seconds of a step with them) while more are tried
        self.wait, self.since = FIRST_TRIAL, 0.0
        self._take(start, 1)

    def _take(self, step: int, threads: int) -> None:
        self.now, self.times, self.fresh, self.mark = threads, [], True, self.now_and_idle()
        torch.set_num_threads(threads)
        self.changes.append([step, threads])

    def took(self, step: int, seconds: float) -> None:
        """Step number `step` took so long: go on as it is, try more threads from the next one, or give them up."""
        self.since += seconds
        if self.fresh and not (self.now > 1 and seconds > GROSS * self.single):
            self.fresh = False  # threads are made in the first step
            return
        self.times = [*self.times[-LOOKED_AT + 1 :], seconds]
        if self.now > 1 and self._slower_than_one():
            self._give_up(step + 1, 1)
        elif len(self.times) == LOOKED_AT:
            self._look(step + 1, median(self.times))

    def _look(self, next_step: int, here: float) -> None:
        """A step takes `here` seconds now: end a trial, or begin one if it is time."""
        if self.now == 1:
            self.single = here
        if self.on_trial:
            before, seconds = self.on_trial
            if here > GAIN * seconds:
                self._give_up(next_step, before)
                return
            self.on_trial, self.wait, self.since = None, FIRST_TRIAL, 0.0
        if self.now < self.most and here > SMALL and self.since > self.wait:
            more = min(2 * self.now, self.most)
            if self._free() > FREE * (more - self.now):
                self.on_trial = self.now, here
                self._take(next_step, more)
            self.since = 0.0

    def _free(self) -> float:
        """How many processors have stood idle since it was last asked, or the threads changed; all if nobody knows."""
        (began, before), self.mark = self.mark, self.now_and_idle()
        now, idle = self.mark
        return self.most if before is None or idle is None else (idle - before) / max(now - began, 1e-9)

    def _slower_than_one(self) -> bool:
        """Whether the last steps are slower than with one thread: one vastly, two grossly, or five."""
        if self.times[-1] > VAST * self.single:
            return True
        if len(self.times) >= 2 and min(self.times[-2:]) > GROSS * self.single:
            return True
        return len(self.times) == LOOKED_AT and median(self.times) > LOSS * self.single

    def _give_up(self, step: int, back: int) -> None:
        """Fewer threads, and twice as long until more are tried again."""
        self.wait, self.since, self.on_trial = min(2 * self.wait, LAST_TRIAL), 0.0, None
        self._take(step, back)


class Replayed:
    """Threads as an earlier run chose them: changes, as History.threads holds them."""

    def __init__(self, changes: Sequence, start: int = 0):
        self.changes, self.then = [list(change) for change in changes], dict(map(tuple, changes))
        earlier = [threads for step, threads in self.changes if step <= start]
        self.now = earlier[-1] if earlier else 1
        torch.set_num_threads(self.now)

    def took(self, step: int, seconds: float) -> None:
        if step + 1 in self.then:
            self.now = self.then[step + 1]
            torch.set_num_threads(self.now)


class Fixed:
    """Threads as they are, or as many as were asked for; nothing is told of them."""

    def __init__(self, threads: int | None = None):
        self.changes = []
        if threads:
            torch.set_num_threads(threads)

    def took(self, step: int, seconds: float) -> None:
        pass


def wanted(threads) -> None:
    """ValueError unless `threads` is None, a whole number from 1, or a list of [step, threads]."""
    if threads is None:
        return
    if isinstance(threads, (list, tuple)):
        for change in threads:
            if not isinstance(change, (list, tuple)) or len(change) != 2:
                raise ValueError(f"threads should be a number or a history's [[step, threads], …], got {threads!r:.80}")
            expect.whole(change[0], "the step of a change of threads", 0)
            expect.whole(change[1], "threads", 1)
        return
    expect.whole(threads, "threads", 1)


def chosen(threads, on_cpu: bool, start: int = 0, changes: list | None = None):
    """Who says how many threads there are: nobody off the CPU; else what was asked for; else trying.

    SEQLIB_THREADS and OMP_NUM_THREADS, which torchrun sets, are asked for too; several processes keep what they have.
    """
    if not on_cpu:
        return Fixed()
    if isinstance(threads, (list, tuple)) and threads:
        return Replayed(threads, start)
    if threads or asked_threads():
        return Fixed(threads or asked_threads())
    several = torch.distributed.is_available() and torch.distributed.is_initialized()
    limit = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    most = min(processors(), int(limit) if limit.isdecimal() and int(limit) else processors())
    return Fixed() if several or most == 1 else Threads(most, start, changes)

"""How many threads a training takes: the faster number found, a busy machine noticed at once, a choice repeatable."""

import sys
import time

import pytest
import torch
from torch import nn

from seqlib.training import run, threads
from seqlib.training.threads import Replayed, Threads, chosen
from seqlib.training.train import train

ONE = 0.05  # seconds of a step with one thread


@pytest.fixture(autouse=True)
def given_back(monkeypatch):
    monkeypatch.delenv("SEQLIB_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def driven(most, seconds_of, steps, free=lambda step: 99):
    """Threads told of so many steps; seconds_of(step, threads) says how long each took. And when each step ended.

    free(step): how many processors stand idle meanwhile.
    """
    clock, ends, idle = 0.0, [], 0.0
    here = Threads(most, idle=lambda: idle, clock=lambda: clock)
    for step in range(steps):
        assert torch.get_num_threads() == here.now
        seconds = seconds_of(step, here.now)
        clock += seconds
        idle += seconds * free(step)
        ends.append(clock)
        here.took(step, seconds)
    return here, ends


def test_more_threads_are_kept_where_they_are_faster():
    here, _ = driven(4, lambda step, n: ONE / (1, 1, 1.4, 1.6, 1.9)[n], 200)
    assert here.now == 4 and [n for _, n in here.changes] == [1, 2, 4]


def test_threads_that_gain_nothing_are_given_up_and_tried_ever_more_rarely():
    here, ends = driven(4, lambda step, n: ONE if n == 1 else 0.99 * ONE, 1200)
    begun = [ends[step - 1] for step, n in here.changes if n == 2]
    assert here.now == 1 and {n for _, n in here.changes} == {1, 2}
    pauses = [b - a for a, b in zip(begun, begun[1:], strict=False)]
    assert pauses == sorted(pauses) and pauses[-1] > 4 * pauses[0]
    tried = sum(b - a for (a, n), (b, _) in zip(here.changes, here.changes[1:], strict=False) if n == 2)
    assert tried < 0.05 * 1200


@pytest.mark.parametrize("factor", [3, 8])
def test_a_machine_that_becomes_busy_is_noticed_within_a_second(factor):
    """Two threads save a third, until somebody else comes at step 150: then each step takes many times as long."""

    def seconds(step, n):
        return (ONE / 1.4 if n == 2 else ONE) if step < 150 else (factor * ONE if n == 2 else 1.05 * ONE)

    here, ends = driven(2, seconds, 400)
    first = next(step for step, n in here.changes if n == 1 and step > 150)
    assert ends[first - 1] - ends[149] < 1.0
    late = sum(seconds(step, 2) for step in range(150, 400) if on(here.changes, step) == 2)
    assert late < 0.25 * sum(ends[-1:]), "trials on a busy machine cost little"


def on(changes, step):
    """The threads of a step by the changes."""
    return [n for at, n in changes if at <= step][-1]


def test_a_trial_that_failed_does_not_end_the_watch_over_those_that_were_kept():
    """Two threads help, four do not; then the machine becomes busy."""

    def seconds(step, n):
        idle = {1: ONE, 2: ONE / 1.5, 4: ONE / 1.45}[n]
        return idle if step < 400 else {1: 1.1, 2: 5, 4: 9}[n] * ONE

    here, ends = driven(4, seconds, 900)
    tried = [n for step, n in here.changes if step < 400]
    assert tried[:4] == [1, 2, 4, 2] and on(here.changes, 399) in (2, 4)
    first = next(step for step, n in here.changes if n == 1 and step > 400)
    assert ends[first - 1] - ends[399] < 1.0 and on(here.changes, 899) == 1
    assert ends[-1] - ends[399] < 1.25 * 500 * 1.1 * ONE


def test_a_machine_that_is_busy_from_the_start_is_tried_seldom():
    here, ends = driven(2, lambda step, n: ONE if n == 1 else 6 * ONE, 800)
    assert here.now == 1 and ends[-1] < 1.1 * 800 * ONE


def test_nothing_is_tried_while_no_processor_is_idle():
    """Beside fifteen other works a step with two threads took 20 s, and a trial would have cost minutes."""
    here, _ = driven(2, lambda step, n: ONE if n == 1 else 400 * ONE, 800, free=lambda step: 0.1)
    assert here.changes == [[0, 1]]
    here, ends = driven(2, lambda step, n: ONE if n == 1 else ONE / 1.4, 800, free=lambda step: step > 300)
    first = next(step for step, n in here.changes if n == 2)
    assert here.now == 2 and 0 < ends[first - 1] - ends[300] < 3, "idle again: tried within a few seconds"


def test_a_second_thread_needs_one_idle_processor_and_two_more_need_two():
    here, _ = driven(4, lambda step, n: ONE / n, 800, free=lambda step: 1.1)
    assert [n for _, n in here.changes] == [1, 2]


def test_one_step_that_takes_vastly_longer_is_the_last_of_its_kind():
    here, _ = driven(2, lambda step, n: (ONE if n == 1 else ONE / 1.4) if step < 300 else 40 * ONE, 302)
    assert here.changes[-1] == [301, 1]


def test_where_nobody_knows_whether_the_machine_is_idle_it_is_tried(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert threads.idle_seconds() is None
    here = Threads(2, idle=threads.idle_seconds)
    for step in range(60):
        here.took(step, ONE)
    assert [n for _, n in here.changes][:2] == [1, 2]


def test_the_machine_tells_how_long_it_was_idle():
    before = threads.idle_seconds()
    time.sleep(0.05)
    assert isinstance(before, float) and threads.idle_seconds() >= before > 0


def test_a_machine_that_becomes_idle_is_found_out():
    here, _ = driven(2, lambda step, n: ONE if n == 1 else 6 * ONE if step < 200 else ONE / 1.5, 900)
    assert here.now == 2


def test_steps_with_nothing_to_share_out_are_left_alone():
    here, _ = driven(8, lambda step, n: 0.001, 5000)
    assert here.changes == [[0, 1]]


@pytest.mark.parametrize(("variables", "most"), [({}, 3), ({"OMP_NUM_THREADS": "2"}, 2), ({"OMP_NUM_THREADS": "9"}, 3)])
def test_no_more_than_there_are_processors_and_than_the_environment_allows(monkeypatch, variables, most):
    monkeypatch.setattr(threads, "processors", lambda: 3)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert chosen(None, on_cpu=True).most == most


def test_what_is_asked_for_is_not_tried(monkeypatch):
    monkeypatch.setattr(threads, "processors", lambda: 2)
    assert chosen(2, on_cpu=True).changes == [] and torch.get_num_threads() == 2
    monkeypatch.setenv("SEQLIB_THREADS", "1")
    assert chosen(None, on_cpu=True).changes == [] and torch.get_num_threads() == 1
    monkeypatch.delenv("SEQLIB_THREADS")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert chosen(None, on_cpu=True).changes == [] and chosen(None, on_cpu=False).changes == []


# -- in a training ---------------------------------------------------------------------------------------------------


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 512), nn.Tanh(), nn.Linear(512, 9))


def batches(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randn(257, 64, generator=generator), torch.randint(9, (257,), generator=generator)


def as_planned(monkeypatch, changes):
    """`train` changes its threads at these steps, as if it had found them faster."""

    class Planned(Threads):
        def took(self, step, seconds):
            if step + 1 in dict(changes):
                self._take(step + 1, dict(changes)[step + 1])

    monkeypatch.setattr(threads, "processors", lambda: 2)
    monkeypatch.setattr(threads, "Threads", Planned)


def test_a_run_says_what_it_chose_and_its_choice_repeats_it_to_the_bit(monkeypatch, capsys):
    plan = [[0, 1], [4, 2], [9, 1], [15, 2]]
    as_planned(monkeypatch, plan)
    torch.set_num_threads(1)
    one = model()
    history = train(one, batches, 20, name="chosen")
    assert history.threads == plan and torch.get_num_threads() == 1
    assert " · 2 threads · " in capsys.readouterr().out
    monkeypatch.undo()
    again = model()
    repeated = train(again, batches, 20, threads=history.threads, name=None)
    assert repeated.losses == history.losses and repeated.threads == history.threads
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True))


def test_a_resumed_run_goes_on_with_its_list(monkeypatch, tmp_path):
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    monkeypatch.delenv("SEQLIB_BUDGET", raising=False)
    monkeypatch.setattr(run, "SAVE_SECONDS", 0.0)
    as_planned(monkeypatch, [[3, 2]])

    def stopped(step):
        if step == 7:
            raise KeyboardInterrupt
        return batches(step)

    first = train(model(), stopped, 12, checkpoint="threads", name=None)
    assert first.interrupted and first.threads == [[0, 1], [3, 2]]
    whole = train(model(), batches, 12, checkpoint="threads", name=None)
    assert len(whole.losses) == 12 and whole.threads == [[0, 1], [3, 2], [7, 1]]
    repeated = train(model(), batches, 12, threads=whole.threads, name=None)
    assert repeated.losses == whole.losses


def test_replayed_takes_up_where_a_run_stands():
    here = Replayed([[0, 1], [5, 2]], start=6)
    assert here.now == torch.get_num_threads() == 2


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", True, [[0]], [[0, 0]], [3]])
def test_threads_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="threads|step"):
        train(model(), batches, 1, threads=wrong)


def test_the_real_thing_keeps_its_seconds():
    """On this machine, whatever it does meanwhile: trying costs a training little."""
    torch.set_num_threads(1)

    def slow(step):
        time.sleep(0.004)
        return batches(step)

    fixed = train(model(), slow, 150, threads=1, name=None).seconds
    free = train(model(), slow, 150, name=None).seconds
    assert free < 3 * fixed + 1

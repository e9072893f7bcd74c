"""Workers: any sizes pass, errors travel, and nobody waits for ever."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from syndicate.errors import SyndicateError, TemplateError
from syndicate.workers.pool import ResourceLimits, Shard, restart_timers, start_workers
from tests import ROOT

LARGE = 3_000_000


def doing(what):
    return what


def echo(task):
    size, answer = task[0], "x" * LARGE
    return size, answer


def fail(task):
    raise TemplateError("page/a.html", task, "oh")


class StubbornError(Exception):
    """One that can't be made again from what it says."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def stubborn(_):
    raise StubbornError(1, 2)


def unpicklable(_):
    return lambda: None


def done(work, lanes):
    with start_workers(partial(doing, work), preload=__name__, died="gone") as workers:
        assert len(workers.lanes) > 0
        return list(workers.do(lanes(lane) for lane in workers.lanes))


def test_large_tasks_with_large_results_do_not_wait_for_each_other():
    tasks = [(number, "y" * 100_000) for number in range(12)]
    results = done(echo, lambda lane: lane.turns(tasks))
    assert [number for number, _ in results] == list(range(12))
    assert all(len(answer) == LARGE for _, answer in results)


def test_an_error_comes_back_as_itself():
    with pytest.raises(TemplateError, match=r"page/a\.html:7: oh") as told:
        done(fail, lambda _: [7])
    assert (told.value.template, told.value.line) == ("page/a.html", 7)


@pytest.mark.parametrize(("work", "said"), [(stubborn, "1 and 2"), (unpicklable, "local object")])
def test_what_cannot_travel_is_told_as_an_error(work, said):
    with pytest.raises(SyndicateError, match=said):
        done(work, lambda _: [None])


def test_who_breaks_off_leaves_nobody_behind():
    with start_workers(partial(doing, echo), preload=__name__, died="gone") as workers:
        results = workers.do([(number, "") for number in range(9)] for _ in workers.lanes)
        assert next(results)[0] == 0
        members = [one._process for one in workers._members]
    assert not any(process.is_alive() for process in members)


def test_each_part_falls_to_one_lane():
    parts = list(range(10))
    lanes = [Shard(number, 3) for number in range(3)]
    assert [part for lane in lanes for part in lane.stretch(parts)] == parts
    assert sorted(part for lane in lanes for part in lane.turns(parts)) == parts


LIMITS = ResourceLimits(
    seconds=0.5,
    memory=300_000_000,
    split=lambda task: [[part] for part in task],
    lost=lambda task, why: [(part, why) for part in task],
)


def use_up(task):
    done = []
    for part in task:
        restart_timers()
        if part == "time":
            sum(range(10**12))  # C code, which no signal handler of Python's interrupts
        elif part == "memory":
            bytearray(10**9)
        elif part == "patience":
            time.sleep(3600)
        elif part == "crash":
            os.kill(os.getpid(), signal.SIGTRAP)
        else:
            end = time.process_time() + part
            while time.process_time() < end:
                pass
        done.append((part, "done"))
    return done


def limited(*tasks, limits=LIMITS):
    begin = partial(doing, use_up)
    with start_workers(begin, preload=__name__, died="gone", count=1, limits=limits) as workers:
        return [result for results in workers.do([tasks]) for result in results]


def test_what_takes_too_long_or_crashes_is_lost_alone():
    results = dict(limited([0.01, "time", 0.02], ["crash"], [0.03], ["time"], [0.04]))
    assert results[0.01] == results[0.02] == results[0.03] == results[0.04] == "done"
    assert results["time"] == "reading it takes longer than 0.5 seconds"
    assert "makes the process crash (SIGTRAP)" in results["crash"]


def test_each_part_of_a_task_has_the_whole_time():
    assert [how for _, how in limited([0.2, 0.2, 0.2, 0.2, 0.2])] == ["done"] * 5


def test_waiting_has_an_end_too():
    limits = ResourceLimits(seconds=0.05, memory=10**9, split=LIMITS.split, lost=LIMITS.lost)
    ((_, why), _) = limited(["patience"], [0.0], limits=limits)
    assert why.startswith("reading it takes longer than")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process maps")
def test_memory_past_the_limit_is_an_error_and_not_the_machines():
    with pytest.raises(MemoryError):
        limited(["memory"])


INTERRUPTED = """
import signal, threading
from functools import partial
from operator import neg
from syndicate.workers.pool import start_workers

if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    with start_workers(partial(partial, neg), preload="slow_import", died="gone", count=1) as workers:
        print(workers.do_now(7))
"""
SLOW_IMPORT = """
import os, signal, time
os.killpg(0, signal.SIGINT)  # as Ctrl-C does at a terminal
time.sleep(0.2)
"""


def test_an_interrupt_ends_no_fork_server_that_is_still_importing(tmp_path):
    (tmp_path / "slow_import.py").write_text(SLOW_IMPORT)
    (tmp_path / "main.py").write_text(INTERRUPTED)
    ran = subprocess.run(
        [sys.executable, "main.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert ran.stderr == ""
    assert ran.stdout.split() == ["interrupted", "-7"]

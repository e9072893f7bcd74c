"""Worker processes: tasks of any size, errors, crashes and limits."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest

from syndicate.errors import SyndicateError, TemplateError
from syndicate.workers.pool import Shard, start_workers
from syndicate.workers.resource_limits import ResourceLimits, restart_timers
from tests import ROOT

pytestmark = pytest.mark.neighbours

LARGE = 3_000_000


def factory(work):
    return work


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


def run(work, tasks_of):
    with start_workers(partial(factory, work), preload=__name__, crash_message="gone") as workers:
        assert len(workers.shards) > 0
        return list(workers.run_all(tasks_of(shard) for shard in workers.shards))


def test_large_tasks_with_large_results_do_not_wait_for_each_other():
    tasks = [(number, "y" * 100_000) for number in range(12)]
    results = run(echo, lambda shard: shard.interleaved(tasks))
    assert [number for number, _ in results] == list(range(12))
    assert all(len(answer) == LARGE for _, answer in results)


def test_an_error_comes_back_as_itself():
    with pytest.raises(TemplateError, match=r"page/a\.html:7: oh") as error:
        run(fail, lambda _: [7])
    assert (error.value.template, error.value.line) == ("page/a.html", 7)


@pytest.mark.parametrize(
    ("work", "message"), [(stubborn, "1 and 2"), (unpicklable, "local object")]
)
def test_a_result_that_cannot_be_pickled_becomes_an_error(work, message):
    with pytest.raises(SyndicateError, match=message):
        run(work, lambda _: [None])


def test_leaving_early_ends_all_processes():
    with start_workers(partial(factory, echo), preload=__name__, crash_message="gone") as workers:
        results = workers.run_all([(number, "") for number in range(9)] for _ in workers.shards)
        assert next(results)[0] == 0
        processes = [process._process for process in workers._processes]
    assert not any(process.is_alive() for process in processes)


def test_each_item_belongs_to_one_shard():
    parts = list(range(10))
    shards = [Shard(index, 3) for index in range(3)]
    assert [part for shard in shards for part in shard.contiguous(parts)] == parts
    assert sorted(part for shard in shards for part in shard.interleaved(parts)) == parts


LIMITS = ResourceLimits(
    seconds=0.5,
    memory=300_000_000,
    split=lambda task: [[part] for part in task],
    failure_result=lambda task, reason: [(part, reason) for part in task],
)


def use_up(task):
    done = []
    for part in task:
        restart_timers()
        if part == "time":
            sum(range(10**12))  # C code, which no signal handler of Python's interrupts
        elif part == "memory":
            bytearray(10**9)
        elif part == "sleep":
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
    doing = partial(factory, use_up)
    with start_workers(
        doing, preload=__name__, crash_message="gone", count=1, limits=limits
    ) as workers:
        return [result for results in workers.run_all([tasks]) for result in results]


def test_what_takes_too_long_or_crashes_is_lost_alone():
    results = dict(limited([0.01, "time", 0.02], ["crash"], [0.03], ["time"], [0.04]))
    assert results[0.01] == results[0.02] == results[0.03] == results[0.04] == "done"
    assert results["time"] == "reading it takes longer than 0.5 seconds"
    assert "makes the process crash (SIGTRAP)" in results["crash"]


def killed_once(task):
    (marker,) = task
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return [(marker, "done")]


def test_what_was_killed_from_outside_is_tried_once_more(tmp_path):
    marker, doing = tmp_path / "marker", partial(factory, killed_once)
    with start_workers(
        doing, preload=__name__, crash_message="gone", count=1, limits=LIMITS
    ) as workers:
        assert list(workers.run_all([[[marker]]])) == [[(marker, "done")]]


def test_each_part_of_a_task_has_the_whole_time():
    assert [how for _, how in limited([0.2, 0.2, 0.2, 0.2, 0.2])] == ["done"] * 5


def test_waiting_has_an_end_too():
    limits = replace(LIMITS, seconds=0.05, memory=10**9)
    ((_, reason), _) = limited(["sleep"], [0.0], limits=limits)
    assert reason.startswith("reading it takes longer than")


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
    with start_workers(partial(partial, neg), preload="slow_import", crash_message="gone", count=1) as workers:
        print(*workers.run_all([[7]]))
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

import os
import signal
import subprocess
import sys

import pytest

from syndicate.deliver.loop import claim_owner

LIVE = "from syndicate.deliver.loop import claim_owner; print(claim_owner.identity(), flush=True); input()"


@pytest.fixture
def other():
    with subprocess.Popen(
        [sys.executable, "-c", LIVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_this_process_lives():
    assert claim_owner.identity() == claim_owner.identity()
    assert not claim_owner.is_dead(claim_owner.identity())


@pytest.mark.neighbours
def test_another_process_lives_until_it_is_killed(other):
    name = other.stdout.readline().strip()
    assert not claim_owner.is_dead(name)

    other.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert claim_owner.is_dead(name)  # a zombie still

    other.wait()
    assert claim_owner.is_dead(name)


@pytest.mark.neighbours
def test_another_process_that_got_the_same_pid_is_another(other):
    host, pid, tick, rest = other.stdout.readline().strip().split(":")

    assert claim_owner.is_dead(f"{host}:{pid}:{int(tick) - 1}:{rest}")


def test_an_earlier_life_of_this_very_pid_is_dead():
    assert claim_owner.is_dead(claim_owner.identity().rpartition(":")[0] + ":00000000")


@pytest.mark.parametrize("name", ["elsewhere/1:999999:5:00", "rubbish", "", "::::", "a:b:c:d"])
def test_nothing_is_known_of_another_host(name):
    assert not claim_owner.is_dead(name)


def test_a_process_that_belongs_to_somebody_else_lives():
    host = claim_owner.identity().partition(":")[0]

    tick = claim_owner._start_tick(1)
    assert not claim_owner.is_dead(f"{host}:1:{tick}:00")

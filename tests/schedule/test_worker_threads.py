"""Threads that work now and then, and what is logged of their failures."""

import threading
from datetime import timedelta

from structlog.testing import capture_logs

from syndicate.schedule.worker_threads import WorkerThreads


def test_what_fails_is_named_once_and_again_when_it_works():
    disk = ["full", "full", "gone", ""]

    def write():
        if trouble := disk.pop(0):
            raise OSError(trouble)

    threads = WorkerThreads(threading.Event(), every=timedelta(seconds=30))
    guarded = threads.guarded("mirror", write)
    with capture_logs() as logs:
        for _ in range(4):
            guarded()
    assert [(one["event"], one["what"], one.get("reason")) for one in logs] == [
        ("failed", "mirror", "full"),
        ("failed", "mirror", "gone"),
        ("works again", "mirror", None),
    ]

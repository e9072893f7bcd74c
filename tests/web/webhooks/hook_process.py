"""Servers with hooks in processes of their own: `python -m tests.web.webhooks.hook_process URL TABLES`.

The first is killed, as by `kill -9`, at the end of its second transaction, before that is
committed; then the second one starts. Each prints its port, and serves until the standard input
is closed. They are forks of this process, which has imported everything.
"""

import json
import os
import signal
import sys
from typing import Any

from syndicate.config import Config
from syndicate.feedback.event_intake import EventIntake
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.server.server import WebServer


def main(url: str, tables: str) -> None:
    """Serve a publication on loopback, until one server has died and another has ended."""
    for dies in (True, False):
        if os.fork():
            os.wait()
            continue
        if dies:
            _die_in_the_second_transaction()
        _serve(url, Config.model_validate(json.loads(tables)))
        return


def _serve(url: str, config: Config) -> None:
    store = Store.open(url)
    server = WebServer(application(store, config), "127.0.0.1", 0)
    server.start()
    print(server.port, flush=True)  # noqa: T201
    sys.stdin.read()
    server.stop()
    store.close()


def _die_in_the_second_transaction() -> None:
    record, begun = EventIntake._record_all, []

    def record_or_die(*args: Any) -> Any:
        recorded = record(*args)
        begun.append(1)
        if len(begun) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return recorded

    EventIntake._record_all = record_or_die  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    main(*sys.argv[1:])

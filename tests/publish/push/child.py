"""A process that notifies of a build: `python -m tests.publish.push.child URL CONFIG TIME [killed]`.

With "killed" it builds first, and is killed before any ping. Without, it waits
for a line on stdin, so that several begin at once, and prints how many it pinged.
"""

import json
import os
import signal
import sys
from datetime import datetime

from syndicate.config import Config
from syndicate.publish.push.change_notifier import ChangeNotifier
from syndicate.publish.push.websub import HubPinger
from syndicate.store import Store
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON


def main(url: str, tables: str, time: str, killed: str = "") -> None:
    config = Config.model_validate(json.loads(tables))
    store = Store.open(url)
    notifier = ChangeNotifier.of(store, config)
    assert notifier is not None
    if killed:
        built = Newsroom(store, config).build()
        notifier.record_build(built, NOON)
        setattr(HubPinger, "enqueue", lambda *_: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010 - mypy minds the other way
    else:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
    print(notifier.run(datetime.fromisoformat(time)).pinged)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

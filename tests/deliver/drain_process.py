"""A process that drains a store's ledger once: `python -m tests.deliver.drain_process URL CONFIG`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from syndicate.config import Config
from syndicate.deliver.worker import configured_transports
from syndicate.store import Store
from tests import ROOT
from tests.cli.fork_server import StartedCommand, command_server
from tests.deliver.editions import drain_ledger


@contextmanager
def draining(url: str, tables: dict[str, Any]) -> Iterator[StartedCommand]:
    """Start such a process, of a configuration's tables; it has ended when the context ends."""
    process = command_server().start(
        ROOT, url, json.dumps(tables), streams=(0, 1, 2), module="tests.deliver.drain_process"
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def main(url: str, tables: str) -> None:
    config = Config.model_validate(json.loads(tables))
    store = Store.open(url)
    drain_ledger(store, config, configured_transports(config))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

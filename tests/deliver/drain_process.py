"""A process that drains a store's ledger once: `python -m tests.deliver.drain_process URL CONFIG`."""

import json
import sys

from syndicate.config import Config
from syndicate.deliver.worker import configured_transports
from syndicate.store import Store
from tests.deliver.editions import drain_ledger


def main(url: str, tables: str) -> None:
    config = Config.model_validate(json.loads(tables))
    store = Store.open(url)
    drain_ledger(store, config, configured_transports(config))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

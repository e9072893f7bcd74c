"""A process that drains a store's ledger once: `python -m tests.deliver.child URL CONFIG [RULE]`.

With RULE "mark-after" the intent is not recorded, as in the systems that mark a
message when it was sent: the control of the kill tests, which must find repeats.
"""

import json
import sys

from syndicate.config import Config
from syndicate.deliver.ledger import Ledger
from syndicate.deliver.transport import transport
from syndicate.store import Store
from tests.deliver.papers import hand_over


def main(url: str, tables: str, rule: str = "") -> None:
    if rule == "mark-after":
        setattr(Ledger, "intend", lambda *_, **__: True)  # noqa: B010 - mypy minds the other way
    config = Config.model_validate(json.loads(tables))
    store = Store.open(url)
    hand_over(store, config, transport(config))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

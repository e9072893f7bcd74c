"""`syndicate`, as a process that doesn't wait for a store that failed.

`python -m tests.deliver.outages.tick_process tick`
"""

from syndicate.cli import main
from syndicate.deliver.loop import ledger

if __name__ == "__main__":
    ledger._STORE_TIMEOUT = 0.1
    main()

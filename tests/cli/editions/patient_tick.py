"""`syndicate`, as a process to which signals within a minute are one and its copies.

`python -m tests.cli.editions.patient_tick tick`
"""

from syndicate.cli import main
from syndicate.cli.operation import signals

if __name__ == "__main__":
    signals._REPEAT_AFTER = 60.0
    main()

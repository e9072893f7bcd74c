"""Reports breaking stories whose files were refused, until they are imported or gone.

Such a file may be so broken that only its text shows what it is.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from syndicate.config import Config
from syndicate.intake.articles.parallel_parse import ImportOutcome, ImportResult
from syndicate.intake.articles.source_file import readable_path
from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.store import Store
from syndicate.store.push.alarms import THIS_MACHINE

_SEARCHED_BYTES = 65_536
"""Bytes of a file that are searched for the key."""
_BREAKING = re.compile(
    rb"""(?im)(?:^|[{,])[ \t]*["']?breaking["']?[ \t]*[:=][ \t]*["']?(?:true|yes|on)\b"""
)
"""The key in YAML, TOML or JSON, which may be one line."""


def record_refusals(
    store: Store, config: Config, results: Sequence[ImportResult], at: datetime
) -> None:
    """Store which breaking stories were refused, and which no longer are."""
    with store.read() as tx:
        before = tx.alarms.on(AlarmKind.INTAKE, THIS_MACHINE)
    refused = {
        readable_path(result.path): result.reason
        for result in results
        if result.outcome is ImportOutcome.REFUSED and _is_breaking(config.root / result.path)
    }
    imported = {readable_path(result.path) for result in results} & before.keys() - refused.keys()
    if not (refused or imported):
        return
    with store.write() as tx:
        for path, reason in refused.items():
            tx.alarms.report(_cause(path, reason), at)
        for path in imported:
            tx.alarms.end(before[path], at)


def _is_breaking(file: Path) -> bool:
    """Whether a file says that its story is breaking, as far as it can be read."""
    try:
        with file.open("rb", buffering=0) as opened:
            return _BREAKING.search(opened.read(_SEARCHED_BYTES)) is not None
    except OSError:
        return False


def _cause(path: str, reason: str) -> AlarmCause:
    return AlarmCause(
        kind=AlarmKind.INTAKE,
        subject=path,
        machine=THIS_MACHINE,
        text=f"a breaking story was refused: {reason}",
        remedy="correct the file and save it; without `run`, `syndicate import` takes it in",
    )

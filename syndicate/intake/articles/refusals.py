"""Records files that were refused, until they are imported or gone; breaking stories ring.

The file of a breaking story may be so broken that only its text shows what it is.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePath

from syndicate.config import Config
from syndicate.intake.articles.parallel_parse import ImportOutcome, ImportResult
from syndicate.intake.articles.source_file import file_name, readable_path, stored_path
from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.store import Store, Transaction
from syndicate.store.articles.refused_files import RefusedFile
from syndicate.store.push.alarms import THIS_MACHINE
from syndicate.text import printable, shorten

REMEDY = "correct the file and save it; without `run`, `syndicate import` takes it in"
_MAX_LENGTH = 1000
"""Characters of a reason."""
_SEARCHED_BYTES = 65_536
"""Bytes of a file that are searched for the key."""
_BREAKING = re.compile(
    rb"""(?im)(?:^|[{,])[ \t]*["']?breaking["']?[ \t]*[:=][ \t]*["']?(?:true|yes|on)\b"""
)
"""The key in YAML, TOML or JSON, which may be one line."""


def record_refusals(
    store: Store, config: Config, results: Sequence[ImportResult], at: datetime
) -> None:
    """Store which files were refused, which no longer are, and which of them are breaking."""
    with store.read() as tx:
        known = {file.path: file.reason for file in tx.refused_files.all()}
        alarms = tx.alarms.on(AlarmKind.INTAKE, THIS_MACHINE)
    imported = {readable_path(result.path) for result in results}
    refused = [result for result in results if result.outcome is ImportOutcome.REFUSED]
    breaking = {
        readable_path(result.path): result.reason
        for result in refused
        if _is_breaking(config.root / result.path)
    }
    intake = stored_path(config.path(config.intake.folder), config)
    reasons = {
        readable_path(result.path): shorten(printable(result.reason), _MAX_LENGTH)
        for result in refused
        if PurePath(result.path).is_relative_to(intake)
    }
    new = {path: reason for path, reason in reasons.items() if known.get(path) != reason}
    over = {path for path in known if path in imported or not _exists(path, config)}
    over -= reasons.keys()
    ended = imported & alarms.keys() - breaking.keys()
    if not (new or over or breaking or ended):
        return
    with store.write() as tx:
        tx.refused_files.save(new, at)
        tx.refused_files.delete(over)
        for path, reason in breaking.items():
            tx.alarms.report(_cause(path, reason), at)
        for path in ended:
            tx.alarms.end(alarms[path], at)


def refused_files(tx: Transaction, config: Config) -> list[RefusedFile]:
    """Return the files that are refused now, by path."""
    return [file for file in tx.refused_files.all() if _exists(file.path, config)]


def _exists(path: str, config: Config) -> bool:
    return (config.root / file_name(path)).exists()


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
        remedy=REMEDY,
    )

"""The import of a CSV file into one newsletter."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from syndicate.intake.subscribers.csv_file import inspect_csv
from syndicate.intake.subscribers.csv_import import RowResult, import_rows
from syndicate.intake.subscribers.csv_row import ImportOptions
from syndicate.store import Store


def import_subscribers(
    store: Store, file: Path, newsletter: str, *, at: datetime, dry_run: bool = False
) -> Iterator[RowResult]:
    options = ImportOptions(newsletter=newsletter)
    yield from import_rows(store, inspect_csv(file), options, at=at, dry_run=dry_run)

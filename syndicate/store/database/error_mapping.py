"""Turns the errors of either database into ours, which say what an operator can do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from syndicate.config.secret import mask_secrets
from syndicate.errors import Refused, StoreError, StoreLocked, StoreUnreachable, SyndicateError
from syndicate.store.database.sql_engine import BUSY_TIMEOUT

_TRY_AGAIN = "was changed by another process at the same moment; try again"
_UNUSABLE = "can't be used: {reason}; check store.url"
_ERRORS: tuple[tuple[type[StoreError], str, tuple[str, ...]], ...] = (
    (
        StoreLocked,
        f"has been locked by another process for over {BUSY_TIMEOUT // 1000} s; try again later",
        ("database is locked", "database table is locked"),
    ),
    (StoreLocked, _TRY_AGAIN, ("deadlock detected", "40P01", "40001")),
    (
        StoreLocked,
        "took too long: {reason}; try again when it is less busy",
        ("locking protocol", "57014", "55P03"),
    ),
    (
        StoreError,
        "is out of space: {reason}; free some and try again, work resumes where it stopped",
        ("disk is full", "No space left", "53100"),
    ),
    (
        StoreUnreachable,
        "is not a SQLite database; move it away, or correct store.url",
        ("not a database",),
    ),
    (StoreUnreachable, "is damaged: {reason}; restore a backup", ("malformed", "XX001", "XX002")),
    (
        StoreUnreachable,
        "can't be used: {reason}; check its disk (is it full, over a quota, broken?)",
        ("disk I/O", "58030"),
    ),
    (
        StoreUnreachable,
        "can't be used: {reason}; check store.url, and who may write there",
        ("unable to open", "readonly", "read-only", "permission denied", "25006", "42501"),
    ),
    (
        StoreUnreachable,
        _UNUSABLE,
        ("connection", "resolve host", "authentication", "53000", "53200", "53300", "53400"),
    ),
)
"""Our error, its message, and what marks it: SQLite's words, PostgreSQL's words or codes.

The codes are there since PostgreSQL speaks the language of its operator.
"""


@contextmanager
def mapped_errors(engine: Engine, url: str) -> Iterator[None]:
    """Raise our errors in place of the database's; our own errors pass through."""
    plain = engine.dialect.loaded_dbapi.Error
    try:
        yield
    except (DBAPIError, UnicodeEncodeError, plain) as error:
        wrapped = (
            DBAPIError.instance(None, None, error, plain) if isinstance(error, plain) else error
        )
        mapped = _mapped(url, wrapped)
        if mapped is None:
            raise
        raise mapped from error


def _mapped(url: str, error: BaseException) -> SyndicateError | None:
    store = mask_secrets(url)
    match error:
        case IntegrityError():
            return StoreLocked(f"{store} {_TRY_AGAIN}")
        case DataError(orig=cause) | (UnicodeEncodeError() as cause):
            return Refused(f"{store} can't hold a value: {str(cause).splitlines()[0]}")
        case DBAPIError():
            reason = str(error.orig).strip().partition("\n")[0]
            code = getattr(error.orig, "sqlstate", None)
            for kind, message, marks in _ERRORS:
                if code in marks or any(mark in reason for mark in marks):
                    return kind(f"{store} {message.format(reason=reason)}")
            if error.connection_invalidated:
                return StoreUnreachable(f"{store} {_UNUSABLE.format(reason=reason)}")
    return None

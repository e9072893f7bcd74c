"""Read whether an article is published, its dates, and its corrections."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import PurePath

from syndicate import clock
from syndicate.intake.articles.front_matter import FALSE, MAX_LINE_LENGTH, TRUE, FrontMatterKeys
from syndicate.intake.articles.front_matter_formats import FrontMatterValue
from syndicate.model.articles import Correction, Status

_EXPECTED = "2019-02-28, 2019-02-28 14:05 or 2019-02-28T14:05:00+07:00"
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?[ \t]*(.*))?"
)
_OFFSET = re.compile(r"([+-])(\d\d?)(?::?(\d\d))?")
_FIRST_YEAR, _LAST_YEAR = 1000, 9998
"""One year less than `datetime` has, so that every date exists in every time zone."""
_NOT_DRAFT = ("false", "no")
_MAX_CORRECTION_LENGTH = 2 * MAX_LINE_LENGTH


def read_status(keys: FrontMatterKeys, file: PurePath) -> Status:
    """Return an article's status; it is a draft if any key or its folder says so."""
    folders = (folder.lower() for folder in file.parent.parts)
    if _is_draft(keys) or _has_no_page(keys) or "_drafts" in folders:  # Jekyll's folder
        return Status.DRAFT
    value, published = keys.get("status"), keys.flag("published")
    if value is None:
        return Status.DRAFT if published is False else Status.PUBLISHED
    try:
        status = Status((value.text or "").strip().lower())
    except ValueError:
        keys.refuse("status", value, "draft, published or retracted")
    if published is not None and published != (status is not Status.DRAFT):
        keys.refuse("published", keys.values["published"], "a value that agrees with status")
    return status


def read_date(keys: FrontMatterKeys, in_name: str | None, zone: tzinfo) -> datetime | None:
    """Return when an article is published.

    That is its date, else the date in its file name; Hugo's `publishDate` if that is
    later, since Hugo hides the article until then.
    """
    dates = (_own_date(keys, in_name, zone), _date_in(keys, "publishdate", zone))
    return max(filter(None, dates), default=None)


def _own_date(keys: FrontMatterKeys, in_name: str | None, zone: tzinfo) -> datetime | None:
    value = keys.get("date")
    file_date = None
    with suppress(ValueError, OverflowError):
        file_date = _parse_date(in_name, zone) if in_name else None
    if value is None:
        if in_name and file_date is None:
            problem = f"{in_name} in the file name is not a date; add a line date: …"
            keys.warnings.append(f"{keys.path}: {problem}")
        return file_date
    try:
        return _parse_date(value.text or "", zone)
    except (ValueError, OverflowError):
        if file_date is None:
            keys.refuse("date", value, _EXPECTED)
        keys.warn(value, f"date {value} can't be read; using {in_name} from the file name")
        return file_date


def read_updated(keys: FrontMatterKeys, zone: tzinfo) -> datetime | None:
    """Return when the article was last changed, if given."""
    moments = (_date_in(keys, key, zone) for key in ("updated", "lastmod", "last_modified_at"))
    return next(filter(None, moments), None)


def read_corrections(keys: FrontMatterKeys, zone: tzinfo) -> tuple[Correction, ...]:
    """Return what was corrected, oldest first: tables of a time (`at`) and a `text`."""
    value = keys.written("corrections")
    if value is None:
        return ()
    items = (value,) if value.items is None else value.items
    corrections = [_read_correction(keys, item, zone) for item in items]
    return tuple(sorted(corrections, key=lambda correction: correction.at))


def _read_correction(keys: FrontMatterKeys, value: FrontMatterValue, zone: tzinfo) -> Correction:
    if value.table is None:
        keys.refuse("corrections", value, "tables such as {at: 2019-02-28, text: …}")
    written = keys.table("corrections", value, ("at", "text"))
    at, text = value.table.get("at"), written.get("text", "")
    if at is None or at.is_null:
        keys.refuse("corrections", value, f"an `at` in each, such as {_EXPECTED}")
    try:
        moment = _parse_date(at.text or "", zone)
    except (ValueError, OverflowError):
        keys.refuse("corrections.at", at, _EXPECTED)
    if not text or len(text) > _MAX_CORRECTION_LENGTH:
        limit = f"of at most {_MAX_CORRECTION_LENGTH} characters"
        keys.refuse("corrections.text", value.table.get("text", value), f"a sentence {limit}")
    return Correction(at=moment, text=text)


def _date_in(keys: FrontMatterKeys, key: str, zone: tzinfo) -> datetime | None:
    value = keys.written(key)
    if value is None:
        return None
    try:
        return _parse_date(value.text or "", zone)
    except (ValueError, OverflowError):
        keys.refuse(key, value, _EXPECTED)


def _is_draft(keys: FrontMatterKeys) -> bool:
    """Whether `draft` has any value but false or no: a story sent by mistake can't be recalled."""
    value = keys.values.get("draft")
    if value is None:
        return False
    word = (value.text or "").strip().lower()
    if word not in (*TRUE, *_NOT_DRAFT):
        clearer = "false" if word in FALSE else "true or false"
        keys.warn(value, f"draft = {value} is taken as true; write {clearer}")
    return word not in _NOT_DRAFT


def _has_no_page(keys: FrontMatterKeys) -> bool:
    """Whether its old site gave it no page: `permalink: false` (Eleventy), two keys of Hugo."""
    permalink, headless = (keys.values.get(key) for key in ("permalink", "headless"))
    builds = [keys.values[key].table or {} for key in ("build", "_build") if key in keys.values]
    return (
        _is_any_of(permalink, "false")
        or _is_any_of(headless, "true")
        or any(_is_any_of(build.get("render"), "never", "false") for build in builds)
    )


def _is_any_of(value: FrontMatterValue | None, *words: str) -> bool:
    return value is not None and (value.text or "").strip().lower() in words


def _parse_date(text: str, zone: tzinfo) -> datetime:
    """Parse a date, with or without time and offset; without an offset it is in `zone`.

    Offsets are `+07:00`, `-0700` (which YAML doesn't know), `Z`, `UTC`. Raise ValueError
    for anything else.
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"{year} is not a valid year for an article")
    fraction = int((match[7] or "").ljust(6, "0")[:6])
    offset = _offset(match[8] or "")
    at = datetime(year, month, day, hour, minute, second, fraction, tzinfo=offset or zone)
    return clock.to_utc(at)


def _offset(text: str) -> tzinfo | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an offset")
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(offset if match[1] == "+" else -offset)

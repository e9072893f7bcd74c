"""Whether an article is published, and its dates."""

from datetime import datetime, tzinfo
from pathlib import PurePath

from syndicate.intake.articles.dates import EXPECTED, parse_date
from syndicate.intake.articles.fields.front_matter_keys import FALSE, TRUE, FrontMatterKeys
from syndicate.intake.articles.frontmatter import FrontMatterValue
from syndicate.model.articles import Status

DRAFTS_FOLDER = "_drafts"
"""Jekyll's folder of what is not yet published."""
_NOT_DRAFT = ("false", "no")


def read_status(head: FrontMatterKeys, file: PurePath) -> Status:
    """Return an article's status; what is marked as a draft anywhere is one."""
    folders = (folder.lower() for folder in file.parent.parts)
    if _is_draft(head) or _has_no_page(head) or DRAFTS_FOLDER in folders:
        return Status.DRAFT
    value, published = head.get("status"), head.flag("published")
    if value is None:
        return Status.DRAFT if published is False else Status.PUBLISHED
    try:
        read_status = Status((value.text or "").strip().lower())
    except ValueError:
        head.refuse("status", value, "draft, published or retracted")
    if published is not None and published != (read_status is not Status.DRAFT):
        head.refuse("published", head.values["published"], "it to agree with status")
    return read_status


def read_date(head: FrontMatterKeys, named: str | None, zone: tzinfo) -> datetime | None:
    """Return when an article is published.

    That is its date, else the one that its file's name begins with; Hugo's `publishDate`
    where that is later, since until then the article isn't to be seen.
    """
    given, public_from = _given_date(head, named, zone), _parse_date_key(head, "publishdate", zone)
    return max(filter(None, (given, public_from)), default=None)


def _given_date(head: FrontMatterKeys, named: str | None, zone: tzinfo) -> datetime | None:
    value = head.get("date")
    of_name = _file_name_date(named, zone)
    if value is None:
        if named and of_name is None:
            problem = f"{named} of the file's name is no date; give it a date: line"
            head.warnings.append(f"{head.where}: {problem}")
        return of_name
    try:
        return parse_date(value.text or "", zone)
    except (ValueError, OverflowError):
        if of_name is None:
            head.refuse("date", value, EXPECTED)
        head.warn(value, f"date {value} can't be read; {named} of the file's name")
        return of_name


def read_updated(head: FrontMatterKeys, zone: tzinfo) -> datetime | None:
    """Return when the article was last changed, where it says so."""
    moments = (
        _parse_date_key(head, key, zone) for key in ("updated", "lastmod", "last_modified_at")
    )
    return next(filter(None, moments), None)


def _parse_date_key(head: FrontMatterKeys, key: str, zone: tzinfo) -> datetime | None:
    value = head.get(key)
    if value is None or value.text == "":
        return None
    try:
        return parse_date(value.text or "", zone)
    except (ValueError, OverflowError):
        head.refuse(key, value, EXPECTED)


def _is_draft(head: FrontMatterKeys) -> bool:
    """Whether `draft` is there and says anything but false or no.

    A story that goes out by mistake can't be recalled; one that stays in can.
    """
    value = head.values.get("draft")
    if value is None:
        return False
    word = (value.text or "").strip().lower()
    if word not in (*TRUE, *_NOT_DRAFT):
        clearer = "false" if word in FALSE else "true or false"
        head.warn(value, f"draft = {value} is taken as true; write {clearer}")
    return word not in _NOT_DRAFT


def _has_no_page(head: FrontMatterKeys) -> bool:
    """Whether it has no page where it comes from: Eleventy's `permalink: false`, two of Hugo's."""
    permalink, headless = (head.values.get(key) for key in ("permalink", "headless"))
    if _is_any_of(permalink, "false") or _is_any_of(headless, "true"):
        return True
    for key in ("build", "_build"):
        build = head.values.get(key)
        if build is not None and _is_any_of((build.table or {}).get("render"), "never", "false"):
            return True
    return False


def _is_any_of(value: FrontMatterValue | None, *words: str) -> bool:
    return value is not None and (value.text or "").strip().lower() in words


def _file_name_date(named: str | None, zone: tzinfo) -> datetime | None:
    try:
        return parse_date(named, zone) if named else None
    except (ValueError, OverflowError):
        return None

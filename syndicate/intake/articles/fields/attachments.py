"""Read an article's lead picture, recording and comments."""

import re
from collections.abc import Mapping

from syndicate.intake.articles.fields.front_matter_keys import FALSE, TRUE, FrontMatterKeys
from syndicate.intake.articles.frontmatter.value import FrontMatterValue
from syndicate.intake.media.recordings import parse_duration
from syndicate.model.articles import Comments, Figure, Recording
from syndicate.model.urls import http_url

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_COUNT = re.compile("[0-9]{1,9}")
_AUDIO = re.compile(r"audio/[a-z0-9][a-z0-9.+-]{0,60}")


def read_image(keys: FrontMatterKeys) -> Figure | None:
    """Return the lead picture; `src` is as written."""
    value = keys.get("image")
    if value is None or value.text == "":
        return None
    src, table = _source(keys, "image", value, ("src", "alt", "caption", "credit"))
    alt, caption, credit = (table.get(key, "") for key in ("alt", "caption", "credit"))
    return Figure(src=src, alt=alt, caption=caption, credit=credit)


def read_audio(keys: FrontMatterKeys) -> Recording | None:
    """Return the recording; type and length may come from its file later."""
    value = keys.get("audio")
    if value is None or value.text == "":
        return None
    src, table = _source(keys, "audio", value, ("src", "title", "duration", "type", "length"))
    kind, length = table.get("type", ""), table.get("length", "")
    if kind and not _AUDIO.fullmatch(kind):
        keys.refuse("audio.type", value, "a media type such as audio/mpeg")
    if length and not re.fullmatch("[1-9][0-9]{0,12}", length):
        keys.refuse("audio.length", value, "a number of bytes")
    try:
        duration = parse_duration(table["duration"]) if table.get("duration") else None
    except ValueError:
        keys.refuse("audio.duration", value, "seconds, mm:ss or h:mm:ss")
    return Recording(
        src=src,
        type=kind,
        length=int(length) if length else None,
        duration=duration or None,
        title=table.get("title", ""),
    )


def read_comments(keys: FrontMatterKeys) -> Comments | None:
    """Return the number of comments and their address."""
    value = keys.get("comments")
    if value is None or value.text == "":
        return None
    if value.table is not None:
        return _discussion(keys, value.table)
    text = (value.text or "").strip()
    if text.lower() in FALSE:
        return None
    if text.lower() in TRUE:  # Jekyll's switch
        keys.warn(value, "comments has neither a count nor an address; ignored")
        return None
    if _COUNT.fullmatch(text):
        return Comments(count=int(text))
    if (url := http_url(text)) is None:
        expected = "a count, an http or https address, or a table with count, url, feed"
        keys.refuse("comments", value, expected)
    return Comments(url=url)


def _source(
    keys: FrontMatterKeys, key: str, value: FrontMatterValue, known: tuple[str, ...]
) -> tuple[str, Mapping[str, str]]:
    """Return the file or URL of a picture or recording, and the texts of its table."""
    table = {} if value.table is None else keys.table(key, value, known)
    src = (table.get("src", "") if value.text is None else value.text).strip()
    scheme = _SCHEME.match(src)
    if not src or (scheme and scheme[0].lower() not in ("http:", "https:")):
        keys.refuse(key, value, "a file, an http(s) address, or a table with src")
    return src, table


def _discussion(keys: FrontMatterKeys, table: Mapping[str, FrontMatterValue]) -> Comments | None:
    fields = {key: value for key, value in table.items() if not value.is_null and value.text != ""}
    for name, value in fields.items():
        if name not in ("count", "url", "feed"):
            keys.warn(value, f"comments.{name} is unknown; known are count, url, feed")
    count = fields.get("count")
    if count is not None and not _COUNT.fullmatch(count.text or ""):
        keys.refuse("comments.count", count, "a number in digits")
    url, feed = (
        keys.address(f"comments.{name}", fields[name]) if name in fields else None
        for name in ("url", "feed")
    )
    found = Comments(count=int(count.text or "") if count else None, url=url, feed=feed)
    return found if found != Comments() else None

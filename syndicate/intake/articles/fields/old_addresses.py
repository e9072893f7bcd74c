"""Read an article's old addresses from the keys of Jekyll and Hugo."""

from collections.abc import Iterator
from pathlib import PurePath

from syndicate.intake.articles.fields.front_matter_keys import FALSE, TRUE, FrontMatterKeys
from syndicate.intake.articles.frontmatter.value import FrontMatterValue
from syndicate.intake.articles.slugify import article_name
from syndicate.model.old_addresses import InvalidOldAddress, is_reserved, parse_old_address

KEYS = ("permalink", "url", "path", "aliases", "redirect_from")
_STYLES = ("date", "pretty", "ordinal", "weekdate", "none")
"""Jekyll's named permalink patterns."""


def read_old_addresses(keys: FrontMatterKeys, file: PurePath, site: str) -> tuple[str, ...]:
    """Return the addresses that redirect to the article.

    Refuse one that the publication uses itself; warn about one that can't redirect.
    """
    found = []
    for key in KEYS:
        for value, text in _texts(keys, key):
            if _is_pattern(key, text):
                keys.warn(value, f"{key} {text} is a pattern; for a redirect, write the path")
                continue
            try:
                address = parse_old_address(text, site=site, folder=_folder(file, key))
            except InvalidOldAddress as problem:
                keys.warn(value, f"{key} {value}: can't redirect: {problem}")
                continue
            if is_reserved(address):
                keys.refuse(key, value, f"an old address, and {address} is one of Syndicate's own")
            found.append(address)
    return tuple(dict.fromkeys(found))


def _texts(keys: FrontMatterKeys, key: str) -> Iterator[tuple[FrontMatterValue, str]]:
    """Iterate over the texts of a key: a single one or a list."""
    value = keys.get(key)
    if value is None:
        return
    for item in (value,) if value.items is None else value.items:
        text = (item.text or "").strip()
        if item.text is None and not item.is_null:
            keys.warn(item, f"{key} {item} is not a path such as /2019/05/story/; ignored")
        elif text and text.lower() not in (*TRUE, *FALSE):  # to Eleventy, false means no page
            yield item, text


def _is_pattern(key: str, text: str) -> bool:
    """Whether an address has placeholders for other keys."""
    if "{{" in text or "{%" in text:
        return True
    return key == "permalink" and "://" not in text and (":" in text or text in _STYLES)


def _folder(file: PurePath, key: str) -> str:
    """Return the base of a relative path: in Hugo, that of an alias is the page's folder."""
    if key != "aliases":
        return ""
    folder = PurePath() if file.is_absolute() else file.parent
    if article_name(file) != file.stem:  # a page bundle
        folder = folder.parent
    names = [part for part in folder.parts if part != "/" and not part.startswith(("_", "."))]
    return "/".join(names[1:] if names[:1] == ["content"] else names)

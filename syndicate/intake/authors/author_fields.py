"""Read the file of an author: its front matter, and its Markdown, which is about the author."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from syndicate.body.markup import remove, write_children
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import markdown
from syndicate.intake.articles.front_matter import FrontMatter, FrontMatterKeys, split_front_matter
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.model.people import AuthorProfile
from syndicate.text import is_email, whole_sentences

_KEYS = ("name", "portrait", "role", "mail", "networks", "listed")
_HINTS = {
    **dict.fromkeys(("photo", "picture", "image", "avatar"), "did you mean portrait?"),
    **dict.fromkeys(("email", "e-mail", "address"), "did you mean mail?"),
    **dict.fromkeys(("title", "job", "position"), "did you mean role?"),
    **dict.fromkeys(("hidden", "former", "active", "draft"), "did you mean listed: false?"),
    **dict.fromkeys(("url", "urls", "links", "website", "social"), "did you mean networks?"),
}
"""Keys that other systems have, and what an author has in their place."""
_SUMMARY_LENGTH = 160
"""Characters: two lines below an article."""
_SENTENCES = 3
_PICTURES = "figure", "img", "picture", "video", "audio", "iframe"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorFields:
    """What the file of an author says."""

    profile: AuthorProfile
    name_line: int
    portrait: str
    """The portrait's file as written; empty without one."""
    warnings: tuple[str, ...]
    """What is left out, with its line: a portrait that can't be used, pictures in the text."""


def read_author_fields(
    data: bytes, file: Path, path: str, config: Config, *, save_media: bool
) -> AuthorFields:
    """Read the content of an author's file; `path` is its name in messages.

    The portrait's squares are saved in `media/`. Raise Refused for a mistake, with its line and
    what was expected.
    """
    front = split_front_matter(data, path)
    if not front.is_present:
        raise Refused(f"{path}:1: no front matter — expected a line of ---, and a name")
    keys = FrontMatterKeys(front)
    keys.refuse_unknown(_KEYS, _HINTS)
    name = keys.required_line("name", "Ada Lind")
    src, alt = _portrait(keys)
    problems: list[str] = []
    media = ArticleMedia(
        file, config, problems.append, save_media=save_media, list_files=_portrait_files
    )
    found = media.find_picture(src, "the portrait") if src else None
    text, summary, pictured = _text(front)
    warnings = [f"{path}:{keys.line_of('portrait')}: {problem}" for problem in problems]
    if pictured:
        warnings.append(f"{path}: pictures in the text are left out; its portrait is the picture")
    profile = AuthorProfile(
        file=path,
        name=name,
        stem=file.stem,
        role=keys.line("role"),
        portrait=found and Figure(src=found.src, alt=alt, width=found.width, height=found.height),
        mail=_mail(keys),
        networks=tuple(dict.fromkeys(_networks(keys))),
        text=text,
        summary=summary,
        listed=keys.flag("listed") is not False,
    )
    return AuthorFields(
        profile=profile,
        name_line=keys.line_of("name"),
        portrait=src,
        warnings=(*keys.warnings, *warnings),
    )


def _portrait(keys: FrontMatterKeys) -> tuple[str, str]:
    """Return file and description of the portrait, as written; both may be empty."""
    value = keys.written("portrait")
    if value is None:
        return "", ""
    table = keys.table("portrait", value, ("src", "alt"))
    src = (table.get("src", "") if value.text is None else value.text).strip()
    if not src or "//" in src:
        keys.refuse("portrait", value, "a picture file beside the authors, or a table with src")
    return src, table.get("alt", "")


def _portrait_files(figure: Figure) -> tuple[str, ...]:
    return tuple(square.src for square in pictures.portraits(figure))


def _mail(keys: FrontMatterKeys) -> str | None:
    value = keys.get("mail")
    address = keys.line("mail")
    if value is not None and address and not is_email(address):
        keys.refuse("mail", value, "an address such as ada@example.org")
    return address or None


def _networks(keys: FrontMatterKeys) -> Iterator[str]:
    value = keys.get("networks")
    if value is None:
        return
    if value.table is not None:
        keys.refuse("networks", value, "a list of addresses such as https://social.example/@ada")
    for item in value.items or (value,):
        if not item.is_null and (address := keys.address("networks", item)):
            yield address


def _text(front: FrontMatter) -> tuple[str, str, bool]:
    """Return the text as sanitised HTML, its beginning, and whether pictures were removed."""
    if not front.body.strip():
        return "", "", False
    root = markdown.to_body(front.body, front.path, hosts=())
    found = _remove_pictures(root)
    summary = whole_sentences("".join(root.itertext()), _SUMMARY_LENGTH, count=_SENTENCES)
    return write_children(root).strip(), summary, found


def _remove_pictures(root: etree._Element) -> bool:
    found = [element for element in root.iter(*_PICTURES) if element.getparent() is not None]
    for element in found:
        if element.getparent() is not None:
            remove(element)
    for paragraph in list(root.iter("p")):
        if found and not len(paragraph) and not (paragraph.text or "").strip():
            remove(paragraph)
    return bool(found)

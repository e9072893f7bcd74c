"""Read the file of an own page: its front matter, and its Markdown."""

import re
from dataclasses import dataclass
from pathlib import Path

from syndicate.body.markup import write_children
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import markdown
from syndicate.intake.articles.front_matter import FrontMatterKeys, split_front_matter
from syndicate.intake.articles.slugify import slugify
from syndicate.intake.markup.figures import normalise_figures
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.model.old_addresses import is_reserved
from syndicate.model.own_pages import OwnPage

_KEYS = ("title", "slug", "description", "footer")
_HINTS = {
    **dict.fromkeys(("summary", "excerpt"), "did you mean description?"),
    **dict.fromkeys(("permalink", "url", "path"), "did you mean slug?"),
    **dict.fromkeys(("menu", "nav", "navigation"), "did you mean footer?"),
}
"""Keys that other systems have, and what a page has in their place."""
_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_DESCRIPTION = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFields:
    """What the file of an own page says."""

    page: OwnPage
    slug_line: int
    """The line that decides about the address, for messages."""
    warnings: tuple[str, ...]
    """What is left out, such as pictures that can't be used."""


def read_page_fields(
    data: bytes, file: Path, path: str, config: Config, *, save_media: bool
) -> PageFields:
    """Read the content of an own page's file; `path` is its name in messages.

    Its pictures are saved in `media/`. Raise Refused for a mistake, with its line and what was
    expected.
    """
    front = split_front_matter(data, path)
    if not front.is_present:
        raise Refused(f"{path}:1: no front matter — expected a line of ---, and a title")
    keys = FrontMatterKeys(front)
    keys.refuse_unknown(_KEYS, _HINTS)
    title = keys.required_line("title", "About us")
    slug, slug_line = _slug(keys, file)
    problems: list[str] = []
    media = ArticleMedia(file, config, problems.append, save_media=save_media)
    root = markdown.to_body(front.body, path, hosts=config.pages.embed_hosts)
    figures = normalise_figures(root, media)
    page = OwnPage(
        file=path,
        title=title,
        slug=slug,
        description=keys.line("description", _MAX_DESCRIPTION),
        footer=bool(keys.flag("footer")),
        body=write_children(root),
        figures=figures,
    )
    warnings = (*keys.warnings, *(f"{path}: {problem}" for problem in problems))
    return PageFields(page=page, slug_line=slug_line, warnings=warnings)


def _slug(keys: FrontMatterKeys, file: Path) -> tuple[str, int]:
    """Return the slug, from the file's name unless it is written, and its line."""
    value = keys.get("slug")
    if value is None:
        slug, line = slugify(file.stem), 1
        advice = "rename the file, or write a slug such as `slug: about-us`"
    else:
        slug, line = keys.line("slug").strip("/"), value.line
        advice = "write another one, such as about-us"
        if not _SLUG.fullmatch(slug):
            keys.refuse("slug", value, "small letters, digits and hyphens, such as about-us")
    if is_reserved(f"/{slug}/"):
        raise Refused(f"{keys.path}:{line}: /{slug}/ is an address of Syndicate's own; {advice}")
    return slug, line

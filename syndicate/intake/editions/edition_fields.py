"""Read an edition file: its front matter, and its Markdown, which is the edition's opening."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from syndicate.body.markup import write_children
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import markdown
from syndicate.intake.articles.article_fields import read_sponsor
from syndicate.intake.articles.front_matter import FrontMatterKeys, split_front_matter
from syndicate.intake.articles.front_matter_formats import FrontMatterValue
from syndicate.intake.markup.figures import find_sponsor_logo, normalise_figures
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.model.articles import Figure
from syndicate.model.edition_files import EditionBrief, NamedStory
from syndicate.text import one_line

_KEYS = ("subject", "preheader", "signed", "stories", "leave_out", "sponsor", "closing", "status")
_DRAFT, _READY = "draft", "ready"
_HINTS = {
    "draft": "write status: draft",
    "title": "did you mean subject?",
    "author": "did you mean signed?",
    "articles": "did you mean stories?",
}
"""Keys that editors know from articles, and what an edition has in their place."""
_MAX_CLOSING = 20_000
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFields:
    """What an edition file says, with the local pictures that it shows."""

    brief: EditionBrief
    is_draft: bool
    signed_line: int
    pictures: tuple[Figure, ...]
    mistakes: tuple[str, ...]
    """Pictures that are missing, and keys of the sponsor that mean nothing."""


def read_edition_fields(
    data: bytes, file: Path, path: str, config: Config, *, save_media: bool
) -> EditionFields:
    """Read the content of an edition file; `path` is its name in messages.

    Raise Refused for a mistake, with its line and what was expected.
    """
    front = split_front_matter(data, path)
    keys = FrontMatterKeys(front)
    keys.refuse_unknown(_KEYS, _HINTS)
    problems: list[str] = []
    media = ArticleMedia(file, config, problems.append, save_media=save_media)
    stories, leave_out = _stories(keys, "stories"), _stories(keys, "leave_out")
    _refuse_contradictions(path, stories, leave_out)
    bodies = _Bodies(path=path, config=config, media=media)
    opening, figures = bodies.render(front.body, "opening")
    closing, more_figures = bodies.render(_closing(keys), "closing")
    sponsor = read_sponsor(keys)
    brief = EditionBrief(
        subject=keys.line("subject"),
        preheader=markdown.to_text(keys.line("preheader")),
        signed=keys.line("signed"),
        stories=stories,
        leave_out=leave_out,
        sponsor=sponsor and find_sponsor_logo(sponsor, media),
        opening=opening,
        closing=closing,
        figures=(*figures, *more_figures),
    )
    mistakes = (*keys.warnings, *(f"{path}: {problem}" for problem in problems))
    return EditionFields(
        brief=brief,
        is_draft=_is_draft(keys),
        signed_line=keys.line_of("signed"),
        pictures=media.pictures,
        mistakes=mistakes,
    )


def _is_draft(keys: FrontMatterKeys) -> bool:
    value = keys.get("status")
    if value is None:
        return False
    word = (value.text or "").strip().lower()
    if word not in {_DRAFT, _READY}:
        keys.refuse("status", value, f"{_DRAFT}, or {_READY} as without the key")
    return word == _DRAFT


def _stories(keys: FrontMatterKeys, key: str) -> tuple[NamedStory, ...]:
    """Return the slugs of a list, each once; addresses of articles are understood."""
    found: dict[str, NamedStory] = {}
    for item in _items(keys, key):
        slug = one_line(item.text or "").removesuffix("/").rpartition("/")[2]
        if not slug:
            keys.refuse(key, item, "the slug of an article, such as harbour-tram-opens")
        if (first := found.get(slug)) is not None:
            again = f"{key} has {slug} twice, first on line {first.line}"
            raise Refused(f"{keys.path}:{item.line}: {again}; remove one")
        found[slug] = NamedStory(slug=slug, line=item.line)
    return tuple(found.values())


def _items(keys: FrontMatterKeys, key: str) -> Iterator[FrontMatterValue]:
    value = keys.get(key)
    if value is None:
        return
    if value.table is not None:
        keys.refuse(key, value, "a list of slugs")
    yield from (item for item in value.items or (value,) if not item.is_null)


def _refuse_contradictions(
    path: str, stories: tuple[NamedStory, ...], leave_out: tuple[NamedStory, ...]
) -> None:
    named = {story.slug for story in stories}
    for story in leave_out:
        if story.slug in named:
            both = f"{story.slug} is in stories and in leave_out; remove it from one of them"
            raise Refused(f"{path}:{story.line}: {both}")


def _closing(keys: FrontMatterKeys) -> str:
    value = keys.get("closing")
    if value is None:
        return ""
    if value.text is None or len(value.text) > _MAX_CLOSING:
        keys.refuse("closing", value, f"Markdown of at most {_MAX_CLOSING:,} characters")
    return value.text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bodies:
    """Renders the Markdown of a file."""

    path: str
    config: Config
    media: ArticleMedia

    def render(self, text: str, part: str) -> tuple[str, tuple[Figure, ...]]:
        """Return Markdown as sanitised, well-formed HTML, and its figures."""
        if not text.strip():
            return "", ()
        hosts = self.config.pages.embed_hosts
        root = markdown.to_body(text, self.path, part=part, hosts=hosts)
        figures = normalise_figures(root, self.media)
        return write_children(root), figures

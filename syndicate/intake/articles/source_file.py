"""Read an article's source file, and parse it into a revision.

Reading needs only the file. Parsing needs the article's public id, with which the ids
in the body begin.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from lxml import etree

from syndicate.body.compiler import compile_body
from syndicate.body.tree_edits import remove, unwrap, write_children
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import html_document, markdown
from syndicate.intake.articles.fields import read_fields
from syndicate.intake.articles.frontmatter import split_front_matter
from syndicate.intake.articles.jekyll import JekyllSite, LiquidResult, is_jekyll, read_liquid
from syndicate.intake.markup import figures
from syndicate.intake.markup.sanitise import id_prefix, sanitise
from syndicate.intake.media import recordings
from syndicate.intake.media.pictures import Pictures
from syndicate.model.articles import Figure, Recording, Revision
from syndicate.model.compiled_body import CompiledBody
from syndicate.text import one_line, shorten

HTML_SUFFIXES = (".html", ".htm")
SUFFIXES = (".md", ".markdown", *HTML_SUFFIXES)
EXCERPT_LENGTH = 280
"""Characters of the body that replace a missing summary."""
_LIQUID_SEARCH_LENGTH = 5_000
"""Characters of the body that are searched for Liquid, which an excerpt leaves out."""
_MAX_BYTES = 5_000_000
_NOT_PROSE = ("figure", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "section", "hr")
_BLOCKS = ("p", "li", "dt", "dd", "div", "blockquote", "br")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file with its front matter read and its body not yet parsed."""

    file: Path
    path: str
    """As stored: relative to the publication's folder, if it is inside."""
    id: str | None
    slug: str
    source: str
    """The hash of the body, which recognises a renamed file; empty without a body."""
    text: str
    """The body: Markdown or HTML."""
    line: int
    """The line of the file in which `text` begins."""
    liquid: bool
    """Whether it belongs to a Jekyll site, so that its text has Liquid."""
    revision: Revision
    """From the front matter; the body is still empty."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedArticle:
    """The revision of a source file, its compiled body, and the local pictures in it."""

    revision: Revision
    compiled_body: CompiledBody
    pictures: tuple[Figure, ...]
    warnings: tuple[str, ...]
    incomplete: bool = False
    """Whether a picture or recording that the file names can't be used."""


def read_source_file(file: Path, config: Config) -> SourceFile:
    """Read an article's file; raise Refused, with file and line, if it is not one."""
    path = stored_path(file, config)
    if path != (readable := path.encode(errors="backslashreplace").decode()):
        raise Refused(f"{readable}: expected a file name in UTF-8; rename it")
    front = split_front_matter(_read_bytes(file, path), path)
    if not front.is_present and file.suffix.lower() in HTML_SUFFIXES:
        front = html_document.read_head(front)
    if not front.is_present:
        raise Refused(f"{path}:1: no front matter — expected a line of --- or +++, and a title")
    intake_path, zone = path_in_intake(PurePath(path), config), config.publication.timezone
    fields = read_fields(front, intake_path, zone, config.publication.url)
    text = front.body.strip("\n")
    return SourceFile(
        file=file,
        path=path,
        id=fields.id,
        slug=fields.slug,
        source=hashlib.sha256(text.encode()).hexdigest() if text.strip() else "",
        text=text,
        line=front.line + len(front.body) - len(front.body.lstrip("\n")),
        liquid=is_jekyll(front, PurePath(path)),
        revision=fields.revision,
        warnings=fields.warnings,
    )


def parse_article(
    source_file: SourceFile, public_id: str, config: Config, *, save_media: bool = True
) -> ParsedArticle:
    """Make the revision of a source file: sanitise its body, save its pictures in `media/`.

    With `save_media` false, pictures are checked and not saved. Raise Refused for a
    body that can't be made well-formed.
    """
    warnings: list[str] = []

    def warn(message: str) -> None:
        warnings.append(f"{source_file.path}: {message}")

    html = source_file.file.suffix.lower() in HTML_SUFFIXES
    liquid = _evaluate_liquid(source_file, config)
    for line, problem in liquid.warnings:
        warnings.append(f"{source_file.path}:{source_file.line + line - 1}: {problem}")
    markup = liquid.text if html else markdown.to_html(liquid.text)
    try:
        root = sanitise(markup, id_prefix(public_id), hosts=config.pages.embed_hosts)
    except Refused as error:
        raise Refused(f"{source_file.path}: {error}") from error
    head = source_file.revision
    if liquid.warnings:
        _drop_dead_links(root)
    _drop_headline(root, head.title)
    pictures = Pictures(source_file.file, config, save_media=save_media)
    image = figures.find_lead_picture(head.image, pictures, warn) if head.image else None
    shown = figures.normalise_figures(root, pictures, warn)
    audio = _recording(source_file, config, warn, save_media=save_media)
    revision = replace(
        head,
        body=write_children(root),
        excerpt=head.summary or shorten(_plain_text(root, without=liquid.left), EXCERPT_LENGTH),
        image=image,
        figures=shown,
        audio=audio,
    )
    return ParsedArticle(
        revision=revision,
        compiled_body=compile_body(revision, slug=source_file.slug, tree=root),
        pictures=pictures.used,
        warnings=tuple(dict.fromkeys(warnings)),
        incomplete=pictures.incomplete or (head.audio is not None and audio is None),
    )


def _evaluate_liquid(source_file: SourceFile, config: Config) -> LiquidResult:
    """Evaluate the Liquid in a file of a Jekyll site; any other text stays as it is."""
    if not source_file.liquid:
        return LiquidResult(source_file.text)
    head, url = source_file.revision, config.publication.url or ""
    origin = url[: len(url) - len(urlsplit(url).path)]
    page = {name: value for name, value in head.extra.items() if isinstance(value, str)}
    page |= {"description": head.summary, "excerpt": head.summary} if head.summary else {}
    page |= {"title": head.title, "url": f"/articles/{source_file.slug}/"}
    page |= {"author": head.authors[0].name} if head.authors else {}
    site = {"url": origin, "baseurl": url.removeprefix(origin), "title": config.publication.title}
    values = {f"page.{name}": value for name, value in page.items()}
    values |= {f"site.{name}": value for name, value in site.items()}
    return read_liquid(source_file.text, values, JekyllSite(source_file.file))


def _recording(
    source_file: SourceFile, config: Config, warn: figures.Warn, *, save_media: bool
) -> Recording | None:
    """Find the article's recording; warn if it is missing."""
    if (named := source_file.revision.audio) is None:
        return None
    try:
        return recordings.find_recording(named, source_file.file, config, save_media=save_media)
    except recordings.RecordingMissing as error:
        warn(f"the recording is ignored: {error}")
        return None


def stored_path(file: Path, config: Config) -> str:
    """Return a file's path as it is stored, with `/` on every system."""
    absolute = os.path.abspath(file)  # noqa: PTH100 - resolve() would follow links
    prefix = f"{config.root}/"
    if absolute.startswith(prefix):
        return absolute.removeprefix(prefix)
    real, root = Path(absolute).resolve(), config.root.resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else absolute


def path_in_intake(path: PurePath, config: Config) -> PurePath:
    """Return a path relative to the intake folder, if it is inside."""
    folder = config.intake.folder
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def _read_bytes(file: Path, path: str) -> bytes:
    try:
        with file.open("rb", buffering=0) as opened:
            if os.fstat(opened.fileno()).st_size > _MAX_BYTES:
                raise Refused(f"{path}: larger than {_MAX_BYTES // 1_000_000} MB")
            return opened.readall()
    except OSError as error:
        raise Refused(f"{path}: can't be read: {error.strerror}") from error


def _drop_headline(root: etree._Element, title: str) -> None:
    """Drop a heading that begins the body and repeats the title."""
    first = next(iter(root), None)
    if first is None or (root.text or "").strip() or not re.fullmatch("h[12]", str(first.tag)):
        return
    if one_line("".join(first.itertext())).casefold() == title.casefold():
        remove(first)


def _drop_dead_links(root: etree._Element) -> None:
    """Keep the text of links whose address was not understood."""
    for link in [*root.iter("a")]:
        if not link.attrib:
            unwrap(link)


def _plain_text(root: etree._Element, without: Iterable[str] = ()) -> str:
    """Return a body's sentences on one line; with `without`, only their beginning."""
    parts: list[str] = []

    def walk(element: etree._Element) -> None:
        if element.tag not in _NOT_PROSE and element.get("class") != "footnote-ref":
            parts.append(" " * (element.tag in _BLOCKS))
            parts.append(element.text or "")
            for child in element:
                walk(child)
            parts.append(" " * (element.tag in _BLOCKS))
        parts.append(element.tail or "")

    walk(root)
    prose = "".join(parts)
    if without:
        prose = one_line(prose)[:_LIQUID_SEARCH_LENGTH]
        for left in without:
            prose = prose.replace(left, "")
    return prose

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

from lxml import etree, html

from syndicate.body.compiler import compile_body
from syndicate.body.markup import id_prefix, remove, unwrap, write_children
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import markdown
from syndicate.intake.articles.article_fields import ArticleFields, read_fields
from syndicate.intake.articles.file_links import mark_file_links
from syndicate.intake.articles.front_matter import FrontMatter, split_front_matter
from syndicate.intake.articles.front_matter_formats import FrontMatterValue
from syndicate.intake.articles.jekyll import JekyllSite, is_jekyll
from syndicate.intake.articles.liquid_reader import LiquidResult, read_liquid
from syndicate.intake.markup import figures
from syndicate.intake.markup.sanitise import sanitise
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.model.articles import CompiledBody, Figure, Revision
from syndicate.text import one_line, shorten

HTML_SUFFIXES = (".html", ".htm")
SUFFIXES = (".md", ".markdown", *HTML_SUFFIXES)
EXCERPT_LENGTH = 280
"""Characters of the body that replace a missing summary."""
_LIQUID_SEARCH_LENGTH = 5_000
"""Characters of the body that are searched for Liquid, which an excerpt leaves out."""
_MAX_BYTES = 5_000_000
MAX_SMALL_FILE = 1_000_000
"""Bytes of a file about an edition, an author or a page."""
_TEMPLATED_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\{[{%][^()]*\)")
"""A link whose address another generator was to fill in, which is no link in Markdown."""
_NOT_PROSE = ("figure", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "section", "hr")
_BLOCKS = ("p", "li", "dt", "dd", "div", "blockquote", "br")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile(ArticleFields):
    """One file with its front matter read and its body not yet parsed."""

    file: Path
    path: str
    """As stored: relative to the publication's folder, if it is inside."""
    source: str
    """The hash of the body, which recognises a renamed file; empty without a body."""
    text: str
    """The body: Markdown or HTML."""
    line: int
    """The line of the file in which `text` begins."""
    liquid: bool
    """Whether it belongs to a Jekyll site, so that its text has Liquid."""


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
    if path != (readable := readable_path(path)):
        raise Refused(f"{readable}: expected a file name in UTF-8; rename it")
    front = split_front_matter(read_bytes(file, path), path)
    if not front.is_present and file.suffix.lower() in HTML_SUFFIXES:
        front = _read_html_head(front)
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
    liquid = _evaluate_liquid(source_file, config)
    is_html = source_file.file.suffix.lower() in HTML_SUFFIXES
    markup = liquid.text if is_html else markdown.to_html(liquid.text)
    try:
        root = sanitise(markup, id_prefix(public_id), hosts=config.pages.embed_hosts)
    except Refused as error:
        raise Refused(f"{source_file.path}: {error}") from error
    intake = stored_path(config.root / config.intake.folder, config)
    mark_file_links(root, markup, source_file.path, intake=intake, publication=config.root)
    head = source_file.revision
    if liquid.warnings:  # keep the text of links whose address was not understood
        for link in [link for link in root.iter("a") if not link.attrib]:
            unwrap(link)
    _drop_headline(root, head.title)
    problems: list[str] = []
    media = ArticleMedia(source_file.file, config, problems.append, save_media=save_media)
    image = figures.find_lead_picture(head.image, media) if head.image else None
    shown = figures.normalise_figures(root, media)
    revision = replace(
        head,
        body=write_children(root),
        excerpt=head.summary or shorten(_plain_text(root, without=liquid.left), EXCERPT_LENGTH),
        image=image,
        sponsor=head.sponsor and figures.find_sponsor_logo(head.sponsor, media),
        figures=shown,
        audio=media.find_recording(head.audio) if head.audio else None,
    )
    path, above = source_file.path, source_file.line - 1
    warnings = [f"{path}:{above + line}: {problem}" for line, problem in liquid.warnings]
    warnings += [f"{path}: {problem}" for problem in problems]
    return ParsedArticle(
        revision=revision,
        compiled_body=compile_body(revision, slug=source_file.slug, tree=root),
        pictures=media.pictures,
        warnings=tuple(dict.fromkeys(warnings)),
        incomplete=media.incomplete,
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


def stored_path(file: Path, config: Config) -> str:
    """Return a file's path as it is stored, with `/` on every system."""
    absolute = os.path.abspath(file)  # noqa: PTH100 - resolve() would follow links
    prefix = f"{config.root}/"
    if absolute.startswith(prefix):
        return absolute.removeprefix(prefix)
    real, root = Path(absolute).resolve(), config.root.resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else absolute


def readable_path(path: str) -> str:
    """Return a path that can be stored and shown, where its name isn't UTF-8."""
    return path.encode(errors="backslashreplace").decode()


def file_name(path: str) -> str:
    """Return a stored path as the file system has it, where its name isn't UTF-8."""
    return re.sub(r"\\udc([0-9a-f]{2})", lambda found: chr(0xDC00 + int(found[1], 16)), path)


def path_in_intake(path: PurePath, config: Config) -> PurePath:
    """Return a path relative to the intake folder, if it is inside."""
    folder = config.intake.folder
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def read_bytes(file: Path, path: str, max_bytes: int = _MAX_BYTES) -> bytes:
    """Return a file's content; raise Refused if it is larger than allowed or can't be read."""
    try:
        with file.open("rb", buffering=0) as opened:
            if os.fstat(opened.fileno()).st_size > max_bytes:
                raise Refused(f"{path}: larger than {max_bytes // 1_000_000} MB")
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
    if "](" in prose:
        prose = _TEMPLATED_LINK.sub(r"\1", prose)
    if without:
        prose = one_line(prose)[:_LIQUID_SEARCH_LENGTH]
        for left in without:
            prose = prose.replace(left, "")
    return prose


def _read_html_head(front: FrontMatter) -> FrontMatter:
    """Return the head of a complete HTML document as front matter.

    The title is `<title>`, else the first `<h1>`; the summary is the description in
    `<meta>`. Without a title it has no front matter.
    """
    markup = front.body
    if not markup.strip():
        return front
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(markup.encode(), parser=parser)
    except etree.LxmlError:  # such as nothing but a document type or a comment
        return front
    heads = (root.find(".//title"), root.find(".//h1"))
    titles = (one_line("".join(head.itertext())) for head in heads if head is not None)
    title = next(filter(None, titles), "")
    if not title:
        return front
    described = (
        meta for meta in root.iter("meta") if meta.get("name", "").lower() == "description"
    )
    summary = next((one_line(meta.get("content", "")) for meta in described), "")
    values = {}
    for key, text, tag in (("title", title, "<(?:title|h1)"), ("summary", summary, "<meta")):
        if text:
            found = re.search(tag, markup, re.IGNORECASE)
            line = markup.count("\n", 0, found.start()) + 1 if found else 1
            values[key] = FrontMatterValue(line=line, text=text, json_value=text)
    opening = re.search(r"<body(?=[\s>])", markup, re.IGNORECASE)
    start = markup.find(">", opening.end()) + 1 if opening else 0
    closings = [closing.start() for closing in re.finditer("</body", markup, re.IGNORECASE)]
    body = markup[start : closings[-1] if closings else None]
    return replace(front, values=values, body=body, is_present=True)

"""Renders an article's body for mail: elements that mail clients support, with inline styles.

Outlook uses Word, which takes widths from attributes only and doesn't know `figure`. Gmail
drops ids, and classes without a rule. So a figure becomes a `div`, a recording a link, and the
style sheet `email/parts/body.css` is inlined; colours of dark mode are in the head of the mail.
"""

from collections.abc import Iterable
from html import escape

import css_inline
from lxml import etree

from syndicate.body import callouts, markup
from syndicate.config import Config
from syndicate.language import Translator
from syndicate.model import pictures
from syndicate.model.articles import Figure
from syndicate.model.videos import Video
from syndicate.render.mail.tables import COLUMN, lay_out_tables
from syndicate.text import first_direction

MAX_PICTURES = 6
"""How many pictures of a body a mail has; the others are on the web."""

_PLAIN = {
    "section": "div", "article": "div", "aside": "div", "header": "div", "footer": "div",
    "details": "div", "summary": "p", "figure": "div", "figcaption": "div",
}  # fmt: skip
"""Replacements for elements that mail clients don't support."""
RECORDINGS = ("video", "audio", "iframe", "embed", "object")
_BEGINNINGS = frozenset({"p", "h2", "h3", "h4"})
"""What a part of a body may begin with."""
_CONTAINERS = frozenset({"div", "blockquote", "ul", "ol", "dl"})
_MIRRORED = frozenset({"blockquote", "ul", "ol", "dd", "td", "th", "caption"})
"""Elements whose style has a left and a right side."""


def render_html_body(
    tree: etree._Element,
    *,
    page: str,
    figures: Iterable[Figure],
    css: str,
    words: Translator,
    direction: str,
    config: Config,
) -> str:
    """Return the children of a body's tree as XHTML for mail; the tree is consumed.

    `page` is the absolute address of its page, `figures` are the pictures that it may have;
    `direction` is that of its language, `ltr` or `rtl`.
    """
    callouts.write_titles(tree, words)
    _link_recordings(tree, page, words)
    by_src = {figure.src: figure for figure in figures}
    for picture in list(tree.iter("img")):
        _set_picture(picture, by_src.get(picture.get("src", "")))
    markup.make_absolute(tree, config.url, page)
    lay_out_tables(tree, page, words)
    _unlink_footnotes(tree)
    _replace_unsupported(tree)
    _mark_directions(tree, direction)
    styled = css_inline.inline_fragment(
        markup.to_html(tree), css, load_remote_stylesheets=False, inline_style_tags=False
    )
    return markup.to_xml(markup.parse(styled))


def limit_pictures(tree: etree._Element, page: str, words: Translator, *, before: int = 0) -> None:
    """Leave out all but the first pictures of a body, in place; a link counts the others.

    `before` is how many of them are shown before the body.
    """
    shown = [picture for picture in tree.iter("img") if picture.get("src") and _is_block(picture)]
    left_out = [
        next(image.iterancestors("figure"), image) for image in shown[MAX_PICTURES - before :]
    ]
    if not left_out:
        return
    note = etree.Element("p", {"class": "recording"})
    etree.SubElement(note, "a", href=page).text = words.ngettext(
        "%(num)s more picture on the web", "%(num)s more pictures on the web", len(left_out)
    )
    left_out[0].addprevious(note)
    markup.remove_all(tree, left_out)


def truncate(body: str, limit: int) -> str:
    """Return at most `limit` bytes from the start of a mail body, whole paragraphs only."""
    root = markup.parse(body)
    _truncate(root, limit)
    return markup.to_xml(root)


def split_body(body: str, paragraphs: int) -> tuple[str, str]:
    """Divide a mail body after its first paragraphs, where another one or a heading follows.

    If it has no such place, the second part is empty.
    """
    root, count = markup.parse(body), 0
    for child in root:
        follower = child.getnext()
        count += child.tag == "p" and bool("".join(child.itertext()).strip())
        if follower is None or count < paragraphs or (child.tail or "").strip():
            continue
        if follower.tag in _BEGINNINGS:
            rest = markup.parse("")
            rest.extend(list(child.itersiblings()))
            return markup.to_xml(root), markup.to_xml(rest)
    return body, ""


def describe_recording(recording: etree._Element, page: str, words: Translator) -> tuple[str, str]:
    """Return label and address of the link that replaces what would have to play or load."""
    source = next((part for part in recording.iter("source") if part.get("src")), recording)
    address = source.get("src") or source.get("data") or page
    video = Video.from_url(address)
    if video or recording.tag == "video":
        label = words.gettext("Watch the video")
    elif recording.tag == "audio":
        label = words.gettext("Listen to the recording")
    else:
        label = words.gettext("Open what is shown here")
    title = " ".join(recording.get("title", "").split())
    return title or label, video.page_url if video else address


def _link_recordings(tree: etree._Element, page: str, words: Translator) -> None:
    for recording in list(tree.iter(*RECORDINGS)):
        label, address = describe_recording(recording, page, words)
        link = etree.Element("a", {"href": address})
        link.text = label
        link.tail, recording.tail = recording.tail, None
        parent = recording.getparent()
        parent.replace(recording, link)
        if parent is tree or parent.tag in {"figure", "div", "section"}:
            _wrap(link, "recording", tag="p")
    for leftover in list(tree.iter("source", "track")):
        leftover.drop_tree()


def shown_height(figure: Figure, width: int) -> int | None:
    """Return the height of a picture at a displayed width; None if its size is unknown."""
    return pictures.height(figure, width) if figure.width and figure.height else None


def _set_picture(picture: etree._Element, figure: Figure | None) -> None:
    """Give a picture its size as attributes, for Word, and its width as style, for phones.

    It loads the rendition of `figure` that suffices. A picture of unknown width fills the column
    if it is a block of its own, and gets no width within a line of text.
    """
    own_width, own_height = _pixels(picture, "width"), _pixels(picture, "height")
    width = min(own_width, COLUMN) if own_width else COLUMN if _is_block(picture) else None
    for name in ("width", "height", "srcset", "sizes", "loading"):
        picture.attrib.pop(name, None)
    picture.set("alt", picture.get("alt", ""))
    if not picture.get("src"):
        picture.tag, picture.text = "em", picture.attrib.pop("alt")
    elif width is None:
        picture.set("style", "max-width:100%;height:auto")
    else:
        if figure is not None:
            is_small = 2 * width <= pictures.WIDTHS[0]
            load = pictures.mail_icon if is_small else pictures.mail_picture
            picture.set("src", load(figure).src)
        picture.set("width", str(width))
        if own_width and own_height:
            picture.set("height", str(max(1, round(own_height * width / own_width))))
        picture.set("style", f"width:100%;max-width:{width}px;height:auto")


def _pixels(picture: etree._Element, name: str) -> int | None:
    value = picture.get(name, "")
    return int(value) or None if value.isdecimal() and len(value) < 6 else None  # noqa: PLR2004


def _is_block(picture: etree._Element) -> bool:
    """Whether a picture is a block of its own, with nothing beside it."""
    parent = picture.getparent()
    if parent.tag == "a":
        parent = parent.getparent()
    if parent.tag == "figure":
        return True
    return not "".join(parent.itertext()).strip() and sum(1 for _ in parent.iter("img")) == 1


def _wrap(element: etree._Element, name: str, *, tag: str = "div") -> None:
    wrapper = etree.Element(tag, {"class": name})
    wrapper.tail, element.tail = element.tail, None
    element.getparent().replace(element, wrapper)
    wrapper.append(element)


def _replace_unsupported(tree: etree._Element) -> None:
    """Replace elements that mail clients don't support, and drop ids, to which nothing links."""
    for element in tree.iter(etree.Element):
        element.attrib.pop("id", None)
        if element.tag in _PLAIN:
            is_notes = "footnotes" in element.get("class", "").split()
            element.set("class", "footnotes" if is_notes else element.tag)
            element.tag = _PLAIN[element.tag]
        elif element.tag == "cite" and element.getparent().get("class") == "figcaption":
            element.tag = "span"
            element.set("class", "credit")


def _unlink_footnotes(tree: etree._Element) -> None:
    """Leave the numbers of footnotes without links, which few mail clients follow in a mail."""
    marked = {link: link.get("class", "").split() for link in tree.iter("a")}
    back = [link for link, classes in marked.items() if "footnote-backref" in classes]
    markup.remove_all(tree, back)
    numbers = (sup for sup in tree.iter("sup") if "footnote-ref" in sup.get("class", "").split())
    markup.unwrap_all(tree, [link for number in numbers for link in number.iter("a")])


def _mark_directions(tree: etree._Element, direction: str) -> None:
    """Give elements that have sides the class `rtl` where text begins at the right.

    Code always begins at the left, and `dir="auto"`, which Outlook doesn't know, is resolved.
    """
    known = {tree: direction}
    for element in tree.iterdescendants(etree.Element):
        around = known[element.getparent()]
        own = element.get("dir", "").lower() or ("ltr" if element.tag == "pre" else around)
        if own == "auto":
            own = first_direction("".join(element.itertext())) or around
        if own != around or element.get("dir") is not None:
            element.set("dir", own)
        known[element] = own
        if own == "rtl" and element.tag in _MIRRORED:
            element.set("class", f"{element.get('class', '')} rtl".strip())


def _truncate(root: etree._Element, limit: int) -> None:
    """Keep the children that fit, from the start; truncate a container that fits partly."""
    room = limit - len(escape(root.text or "", quote=False).encode())
    if room < 0:
        root.text = None
    for child in list(root):
        size = _size(child)
        if size > room and not _fits_truncated(child, room):
            root.remove(child)
        room -= size


def _fits_truncated(container: etree._Element, room: int) -> bool:
    """Truncate a container to `room` bytes; return whether anything of it is left."""
    if container.tag not in _CONTAINERS:
        return False
    container.tail = None
    overhead = _size(container) - sum(map(_size, container))
    overhead -= len(escape(container.text or "", quote=False).encode())
    _truncate(container, room - overhead)
    return len(container) > 0


def _size(element: etree._Element) -> int:
    return len(etree.tostring(element, encoding="utf-8"))

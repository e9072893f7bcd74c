"""The body of an article for mail: elements that mail clients know, with inline styles.

Word draws Outlook's mail: it takes widths from attributes only, and knows no
`figure`. Gmail drops ids and classes it finds no rule for. So a figure becomes
paragraphs, a recording a link, and the style sheet `email/body.css` is written
into the elements; what dark mode changes is left to the head of the mail.
"""

from html import escape

import css_inline
from lxml import etree

from syndicate.body import markup
from syndicate.config import Config
from syndicate.model import pictures
from syndicate.model.articles import Article, Figure
from syndicate.model.videos import Video
from syndicate.render import addresses
from syndicate.render.mail.ui_strings import MailStrings

COLUMN = 536
"""The widest a picture in the text may be, in pixels."""

_PLAIN = {
    "section": "div", "article": "div", "aside": "div", "header": "div", "footer": "div",
    "details": "div", "summary": "p", "figure": "div", "figcaption": "div",
}  # fmt: skip
"""Elements that mail clients don't know, and what stands for each."""
_RECORDINGS = ("video", "audio", "iframe", "embed", "object")
_CONTAINERS = frozenset({"div", "blockquote", "ul", "ol", "dl"})


def render_html_body(
    tree: etree._Element, *, article: Article, css: str, words: MailStrings, config: Config
) -> str:
    """Return the children of a body's tree as XHTML for mail; the tree is used up."""
    page = addresses.absolute(addresses.page(article), config)
    _link_recordings(tree, page, words)
    figures = {figure.src: figure for figure in (*article.figures, article.image) if figure}
    for picture in list(tree.iter("img")):
        _set_picture(picture, figures.get(picture.get("src", "")))
    markup.make_absolute(tree, config.url, page)
    for table in list(tree.iter("table")):
        _wrap(table, "wide")
    _plain(tree)
    return _styled(tree, css)


def truncate(body: str, limit: int) -> str:
    """Return the beginning of a mail body, at most `limit` bytes, ending with a paragraph."""
    root = markup.parse(body)
    _cut(root, limit)
    return markup.to_xml(root)


def _link_recordings(tree: etree._Element, page: str, words: MailStrings) -> None:
    """Put a link where something would have to play or load."""
    said = dict.fromkeys(_RECORDINGS, words.embedded)
    said |= {"video": words.video, "audio": words.audio}
    for recording in list(tree.iter(*_RECORDINGS)):
        source = next((s for s in recording.iter("source") if s.get("src")), recording)
        address = source.get("src") or source.get("data") or page
        video = Video.from_url(address)
        link = etree.Element("a", {"href": video.page_url if video else address})
        link.text = recording.get("title") or said["video" if video else recording.tag]
        link.tail, recording.tail = recording.tail, None
        parent = recording.getparent()
        parent.replace(recording, link)
        if parent is tree or parent.tag in {"figure", "div", "section"}:
            _wrap(link, "recording", tag="p")
    for leftover in list(tree.iter("source", "track")):
        leftover.drop_tree()


def shown_height(figure: Figure, width: int) -> int | None:
    """Return how high mail shows a picture at a width; None where its shape is unknown."""
    return pictures.height(figure, width) if figure.width and figure.height else None


def _set_picture(picture: etree._Element, figure: Figure | None) -> None:
    """Give a picture its size as attributes and its width as style: Word and phones agree.

    It loads the rendition of `figure` that suffices. One of unknown width fills the
    column where it is a block of its own, and is left to itself within a line of text.
    """
    own, high = _pixels(picture, "width"), _pixels(picture, "height")
    width = min(own, COLUMN) if own else COLUMN if _alone(picture) else None
    for name in ("width", "height", "srcset", "sizes", "loading"):
        picture.attrib.pop(name, None)
    picture.set("alt", picture.get("alt", ""))
    if not picture.get("src"):
        picture.tag, picture.text = "em", picture.attrib.pop("alt")
    elif width is None:
        picture.set("style", "max-width:100%;height:auto")
    else:
        if figure is not None:
            picture.set("src", pictures.mail_rendition(figure, width).src)
        picture.set("width", str(width))
        if own and high:
            picture.set("height", str(max(1, round(high * width / own))))
        picture.set("style", f"width:100%;max-width:{width}px;height:auto")


def _pixels(picture: etree._Element, name: str) -> int | None:
    said = picture.get(name, "")
    return int(said) or None if said.isdecimal() and len(said) < 6 else None  # noqa: PLR2004


def _alone(picture: etree._Element) -> bool:
    """Whether a picture is a block of its own: nothing but links around it."""
    parent = picture.getparent()
    if parent.tag == "a":
        parent = parent.getparent()
    if parent.tag == "figure":
        return True
    return not "".join(parent.itertext()).strip() and sum(1 for _ in parent.iter("img")) == 1


def _wrap(element: etree._Element, name: str, *, tag: str = "div") -> None:
    """Put an element into a new one of class `name`, in its place."""
    wrapper = etree.Element(tag, {"class": name})
    wrapper.tail, element.tail = element.tail, None
    element.getparent().replace(element, wrapper)
    wrapper.append(element)


def _plain(tree: etree._Element) -> None:
    """Use only elements that mail clients know, and drop ids: nothing in a mail leads to them."""
    for element in tree.iter(etree.Element):
        element.attrib.pop("id", None)
        if element.tag in _PLAIN:
            element.set("class", element.tag)
            element.tag = _PLAIN[element.tag]
        elif element.tag == "cite" and element.getparent().get("class") == "figcaption":
            element.tag = "span"
            element.set("class", "credit")


def _styled(tree: etree._Element, css: str) -> str:
    """Write the rules of a style sheet into the elements they are for."""
    styled = css_inline.inline_fragment(
        markup.to_html(tree), css, load_remote_stylesheets=False, inline_style_tags=False
    )
    return markup.to_xml(markup.parse(styled))


def _cut(root: etree._Element, limit: int) -> None:
    """Keep what fits from the start; go into a container that fits only in part."""
    room = limit - len(escape(root.text or "", quote=False).encode())
    if room < 0:
        root.text = None
    for child in list(root):
        size = _size(child)
        if size > room and not _fits_cut(child, room):
            root.remove(child)
        room -= size


def _fits_cut(container: etree._Element, room: int) -> bool:
    """Cut a container down to `room` bytes; say whether something of it is left."""
    if container.tag not in _CONTAINERS:
        return False
    container.tail = None
    around = _size(container) - sum(map(_size, container))
    around -= len(escape(container.text or "", quote=False).encode())
    _cut(container, room - around)
    return len(container) > 0


def _size(element: etree._Element) -> int:
    return len(etree.tostring(element, encoding="utf-8"))

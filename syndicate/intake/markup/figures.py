"""Convert the pictures of a body to one form of figure; extract captions and credits."""

from dataclasses import replace

from lxml import etree

from syndicate.body.figures import replace_inline_with_alt, replace_with_alt
from syndicate.body.markup import PHRASING, parent_of, remove, remove_all, unwrap, unwrap_all
from syndicate.intake.markup.embeds import is_embed_figure
from syndicate.intake.media.article_media import ArticleMedia
from syndicate.model.articles import Figure, Sponsor
from syndicate.text import one_line

_LAST_CITE = etree.XPath("figcaption/cite[last()]")
_PLACEHOLDER = "x-place"
_BLOCK_PARENTS = frozenset({"div", "section", "aside", "blockquote", "details"})
LAYOUTS = {
    "wide": "wide", "alignwide": "wide", "kg-width-wide": "wide",
    "full": "full", "alignfull": "full", "kg-width-full": "full",
    "left": "left", "alignleft": "left",
}  # fmt: skip
"""How figures are set, by the classes of Markdown's attributes, WordPress and Ghost."""


def normalise_figures(root: etree._Element, media: ArticleMedia) -> tuple[Figure, ...]:
    """Convert a sanitised body's pictures to the form of `Revision.body`; return its figures.

    A paragraph or block with only pictures becomes figures, with titles as captions; a
    `<figure>` becomes one per picture, or a plain block without any. Pictures inside text
    stay where they are.
    """
    for element in list(root.iter("p")):
        _split_paragraph(element)
    for element in reversed(list(root.iter("figure"))):
        _split_figure(element)
    for image in list(root.iter("img")):
        if _is_standalone(image):
            _wrap_in_figure(image, before=image)
    for video in root.iter("video"):
        poster = video.attrib.pop("poster", "")
        if poster and (found := media.find_picture(poster, "the poster of a video")):
            video.set("poster", found.src)
    return tuple(_fill_pictures(root, media))


def find_lead_picture(image: Figure, media: ArticleMedia) -> Figure | None:
    """Return the picture in the front matter.

    If it is missing, return its texts without an address, or None without texts.
    """
    found = media.find_picture(image.src, "the image")
    if found is None:
        if not (image.alt or image.caption or image.credit):
            return None
        found = Figure(src="")
    return replace(found, alt=image.alt, caption=image.caption, credit=image.credit)


def find_sponsor_logo(sponsor: Sponsor, media: ArticleMedia) -> Sponsor:
    """Return a sponsor with the picture of its logo, which has only the address so far, if any."""
    if sponsor.logo is None:
        return sponsor
    found = media.find_picture(sponsor.logo.src, "the sponsor's logo")
    return replace(sponsor, logo=found and replace(found, alt=sponsor.name))


def _split_paragraph(paragraph: etree._Element) -> None:
    """Make a figure of each picture in a paragraph without text; in a figure, only unwrap it."""
    texts = [paragraph.text, *(child.tail for child in paragraph)]
    tags = {child.tag for child in paragraph}
    if "img" not in tags or not tags <= {"img", "br"} or any(map(_has_text, texts)):
        return
    if parent_of(paragraph).tag == "figure":
        unwrap(paragraph)
        return
    for image in paragraph.findall("img"):
        _wrap_in_figure(image, before=paragraph)
    remove(paragraph)


def _split_figure(figure: etree._Element) -> None:
    """Make one figure per picture, the last with the caption; a block without any picture."""
    if is_embed_figure(figure):
        _caption_embed(figure)
        return
    images = list(figure.iter("img"))
    if not images or figure.find(".//figure") is not None:
        figure.tag = "div"
        if _layout(figure):
            del figure.attrib["class"]
        for caption in figure.findall("figcaption"):
            caption.tag = "p"
        return
    layout = _layout(figure)
    parts = [_wrap_in_figure(image, before=figure, leave=True) for image in images]
    for part in parts if layout else ():
        part.set("class", layout)
    unwrap_all(figure, [*figure.iter(_PLACEHOLDER)])
    caption = _caption(figure)
    if caption.text or len(caption):
        parts[-1].append(caption)
    if "id" in figure.attrib:
        parts[0].set("id", figure.attrib["id"])
    remove(figure)


def _caption_embed(figure: etree._Element) -> None:
    """Make the other content of an embed's figure its caption."""
    player = figure[0]
    figure.text, player.tail = player.tail, None
    figure.remove(player)
    caption = _caption(figure)
    figure.text = None
    figure.append(player)
    if caption.text or len(caption):
        figure.append(caption)


def _caption(figure: etree._Element) -> etree._Element:
    """Make a caption of a figure's content other than pictures, as inline HTML."""
    caption = etree.Element("figcaption")
    caption.text = figure.text
    caption.extend(list(figure))
    blocks = [element for element in caption.iterdescendants() if element.tag not in PHRASING]
    for block in blocks:
        block.tail = " " + (block.tail or "")
    unwrap_all(caption, blocks)
    _drop_empty(caption)
    for element in caption.iter():
        element.text = _collapse(element.text)
        element.tail = _collapse(element.tail)
    return _with_credit_last(caption)


def _drop_empty(caption: etree._Element) -> None:
    """Remove elements without text, and those that contain only such elements."""
    empty: set[etree._Element] = set()
    for element in reversed(list(caption.iterdescendants())):
        texts = (element.text, *(child.tail for child in element))
        if empty.issuperset(element) and not any(map(_has_text, texts)):
            empty.add(element)
    remove_all(caption, empty)


def _with_credit_last(caption: etree._Element) -> etree._Element:
    credit = _credit(caption)
    if credit is not None:
        cite = etree.Element("cite")
        cite.text = credit.text
        cite.extend(list(credit))
        remove(credit)
        _drop_empty(caption)
    caption.text = (caption.text or "").lstrip() or None
    if len(caption):
        caption[-1].tail = (caption[-1].tail or "").rstrip() or None
    elif caption.text:
        caption.text = caption.text.rstrip()
    if credit is not None:
        if len(caption):
            caption[-1].tail = f"{caption[-1].tail or ''} "
        elif caption.text:
            caption.text += " "
        caption.append(cite)
    return caption


def _credit(caption: etree._Element) -> etree._Element | None:
    """Find the credit: class `credit`, `<small>`, or a `<cite>` at the end."""
    for element in caption.iterdescendants():
        if "credit" in element.get("class", "").split() or element.tag == "small":
            return element
    cites = list(caption.iter("cite"))
    if cites and _text(caption).strip(" .").endswith(_text(cites[-1]).strip(" .")):
        return cites[-1]
    return None


def _is_standalone(image: etree._Element) -> bool:
    """Whether a picture is among blocks, not in a line of text."""
    parent, before, after = parent_of(image), image.getprevious(), image.getnext()
    text_before = parent.text if before is None else before.tail
    neighbours = {element.tag for element in (before, after) if element is not None}
    return (
        parent.tag in _BLOCK_PARENTS
        and not _has_text(text_before)
        and not _has_text(image.tail)
        and not neighbours & (PHRASING - {"img"})
    )


def _wrap_in_figure(
    image: etree._Element, *, before: etree._Element, leave: bool = False
) -> etree._Element:
    """Move a picture into a new figure; its title becomes the caption.

    With `leave`, a placeholder keeps its position, with the text after it.
    """
    layout = _layout(image)
    figure = etree.Element("figure", {"class": layout} if layout else {})
    before.addprevious(figure)
    after = image.tail
    image.tail = None
    title = one_line(image.attrib.pop("title", ""))
    previous, parent = image.getprevious(), parent_of(image)
    if leave:
        place = etree.Element(_PLACEHOLDER)
        place.tail = after
        image.addprevious(place)
    elif previous is not None:
        previous.tail = (previous.tail or "") + (after or "")
    else:
        parent.text = (parent.text or "") + (after or "")
    figure.append(image)
    if title:
        etree.SubElement(figure, "figcaption").text = title
    return figure


def _layout(element: etree._Element) -> str:
    """Return the class that says how a figure is set; empty for in the column."""
    words = element.get("class", "").split()
    return next((word for word in words if word in ("wide", "full", "left")), "")


def _fill_pictures(root: etree._Element, media: ArticleMedia) -> list[Figure]:
    figures, inline, wordless = [], [], []
    for image in list(root.iter("img")):
        parent = parent_of(image)
        found = media.find_picture(image.get("src", ""))
        if parent.tag != "figure":
            if _layout(image):
                del image.attrib["class"]
            image.set("alt", one_line(image.get("alt", "")))
            if found is None:
                inline.append(image)
            else:
                _set_attributes(image, _sized(found, image, shown=True), image.get("alt", ""))
            continue
        figure = _fill_figure(parent, image, found)
        if found is not None or replace_with_alt(parent, image):
            figures.append(figure)
        else:
            wordless.append(parent)
    replace_inline_with_alt(root, inline)
    remove_all(root, wordless)
    return figures


def _fill_figure(figure: etree._Element, image: etree._Element, found: Figure | None) -> Figure:
    alt = one_line(image.get("alt", ""))
    cite = next(iter(_LAST_CITE(figure)), None)
    credit = "" if cite is None or cite.tail else one_line(_text(cite))
    text = one_line("".join(_text(caption) for caption in figure.findall("figcaption")))
    caption = text.removesuffix(credit).strip()
    if found is None:
        image.set("alt", alt)
        return Figure(src="", alt=alt, caption=caption, credit=credit)
    found = _sized(found, image)
    image.attrib.clear()
    _set_attributes(image, found, alt)
    return replace(found, alt=alt, caption=caption, credit=credit)


def _set_attributes(image: etree._Element, figure: Figure, alt: str) -> None:
    image.set("src", figure.src)
    image.set("alt", alt)
    for name, pixels in (("width", figure.width), ("height", figure.height)):
        if pixels:
            image.set(name, str(pixels))


def _sized(found: Figure, image: etree._Element, *, shown: bool = False) -> Figure:
    """Add the size in the markup if the picture's own is unknown.

    With `shown`, the size in the markup has precedence: a picture in a line of text is
    often shown smaller than it is.
    """
    width, height = (int(image.get(name) or 0) or None for name in ("width", "height"))
    if found.width is None or found.height is None:
        return replace(found, width=width, height=height)
    if shown and (width or height):
        ratio = found.height / found.width
        width = width or max(1, round((height or 1) / ratio))
        return replace(found, width=width, height=height or max(1, round(width * ratio)))
    return found


def _has_text(text: str | None) -> bool:
    return bool(text and text.strip())


def _text(element: etree._Element) -> str:
    return "".join(element.itertext())


def _collapse(text: str | None) -> str | None:
    """Collapse white space to single spaces, also at the ends: words must not run together."""
    if not text:
        return None
    inner = " ".join(text.split())
    return f"{' ' * text[0].isspace()}{inner}{' ' * text[-1].isspace()}" if inner else " "

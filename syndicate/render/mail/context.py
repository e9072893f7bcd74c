"""The variables that every mail template may use; renders mail templates."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import nh3
from markupsafe import Markup

from syndicate.body import markup
from syndicate.clock import to_utc
from syndicate.config import AdSlot, Config, Newsletter
from syndicate.config.sections.publication import PublicationSettings
from syndicate.language import Translator, translator
from syndicate.model.corrections import ArticleNote
from syndicate.model.edition_files import EditionBrief
from syndicate.model.editions import PLACEHOLDERS, Content, placeholder
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.mail import editors_words, mjml
from syndicate.render.mail.outlook_fonts import list_substitutes
from syndicate.render.mail.plain_text import underline, wrap
from syndicate.render.mail.text_width import on_lines
from syndicate.render.templates import Templates
from syndicate.text import printable

MAX_BYTES = 90_000
"""Bytes of HTML. Gmail truncates a message at 102 KB, and hides the unsubscribe link."""

_AD_TAGS = {"a", "b", "br", "em", "i", "img", "p", "span", "strong"}
_AD_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height", "title"}}
_MASTHEAD_SIZE, _PHONE_COLUMN = 13, 345
"""The size of the letters below the masthead, and the width of a line there on a phone, in pixels.

The column has 320: labels are in a sans, which is narrower than what widths are estimated by.
"""
_AD_WIDTH = 504
"""The maximum width of a picture, in pixels: that of the column without the ad's margins."""


@dataclass(frozen=True, kw_only=True)
class MailContext:
    """Renders the mail templates for one edition of a newsletter."""

    config: Config
    templates: Templates
    newsletter: Newsletter
    language: str
    edition_date: datetime
    """The date in the masthead, in the zone that it is shown in."""
    seed: str
    """What is composed, as text."""
    brief: EditionBrief = field(default_factory=EditionBrief)
    """What an editor wrote around the stories."""
    notes: Sequence[ArticleNote] = ()
    """Corrections of other articles."""

    @cached_property
    def draft_nonce(self) -> str:
        """The nonce of placeholders while composing; the final one is derived from the content."""
        return _nonce(self.seed)

    @property
    def translator(self) -> Translator:
        """Translates into the language of the edition."""
        return translator(self.language)

    def html(self, template: str, values: dict[str, Any]) -> str:
        """Render a template to MJML, and the MJML to HTML; raise TemplateError."""
        source = self.templates.render(template, {**self._values, **self._html_values, **values})
        return mjml.to_html(source, template=template)

    @cached_property
    def style(self) -> str:
        """The style sheet of article bodies."""
        return self.templates.render("email/parts/body.css", self._values)

    def content(self, html: str, template: str, values: dict[str, Any]) -> Content:
        """Return the content with its final nonce; the same content always gets the same nonce.

        `template` is that of the text part, which is rendered here; raise TemplateError.
        """
        shown = {**self._values, **self._text_values, **values}
        text = printable(self.templates.render(template, shown)).strip() + "\n"
        subject, preheader = values["subject"], values["preheader"]
        parts = [part.replace(self.draft_nonce, "") for part in (subject, preheader, html, text)]
        nonce = _nonce(repr(parts))
        return Content(
            subject=subject,
            preheader=preheader,
            html=html.replace(self.draft_nonce, nonce),
            text=text.replace(self.draft_nonce, nonce),
            nonce=nonce,
        )

    @cached_property
    def _html_values(self) -> Mapping[str, Any]:
        if self.brief == EditionBrief():
            return {}
        return editors_words.html_values(
            self.brief,
            css=self.style,
            words=self.translator,
            direction=text_direction(self.language),
            config=self.config,
        )

    @cached_property
    def _text_values(self) -> Mapping[str, Any]:
        if self.brief == EditionBrief():
            return {}
        return editors_words.text_values(self.brief, words=self.translator, config=self.config)

    @cached_property
    def _values(self) -> dict[str, Any]:
        """The variables of every mail template."""
        config, ads, theme = self.config, self.config.ads, self.config.theme
        placeholders = {name: placeholder(self.draft_nonce, name) for name in PLACEHOLDERS}
        return {
            "publication": config.publication,
            "newsletter": self.newsletter,
            "theme": theme,
            "outlook_fonts": list(
                list_substitutes((theme.body, theme.headlines, theme.labels, theme.code))
            ),
            "link": lambda address: addresses.absolute(address, config),
            "home": addresses.absolute(addresses.HOME, config),
            "logo": addresses.logo(config),
            "section_title": config.section_title,
            "language": self.language,
            "direction": text_direction(self.language),
            "zone": config.publication.timezone,
            "at": to_utc(self.edition_date),
            "edition_zone": self.edition_date.tzinfo,
            **self.translator.for_templates,
            "why": subscription_reason(
                self.newsletter, config, self.translator, email=placeholders["email"]
            ),
            "notes": [_note(note, config) for note in self.notes],
            "slot": placeholders,
            "postal_lines": _postal_lines(config.publication),
            "ads": {"header": _ad(ads.header, config), "post_top": _ad(ads.post_top, config)},
            "wrap": wrap,
            "phone_lines": partial(on_lines, size=_MASTHEAD_SIZE, width=_PHONE_COLUMN),
            "underline": underline,
            **editors_words.NOTHING,
        }


def subscription_reason(
    newsletter: Newsletter, config: Config, texts: Translator, *, email: str
) -> str:
    """Return why a reader gets an edition, as its footer says; `email` is their placeholder."""
    return texts.gettext(
        "You’re receiving this because %(email)s is subscribed to “%(newsletter)s” from "
        "%(publication)s.",
        email=email,
        newsletter=newsletter.label,
        publication=config.publication.title,
    )


def _nonce(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _postal_lines(publication: PublicationSettings) -> list[str]:
    """Return the lines of the postal address, the first with the publication's name; or none."""
    lines = publication.postal_address.splitlines()
    named = publication.title.casefold() in publication.postal_address.casefold()
    return lines if named or not lines else [publication.title, *lines]


def _note(note: ArticleNote, config: Config) -> dict[str, Any]:
    """Return the values of a note on an article's corrections."""
    article = note.article
    return {
        "title": article.title,
        "url": addresses.absolute(article.address, config),
        "published": article.published,
        "corrections": note.corrections,
    }


def _ad(slot: AdSlot, config: Config) -> Markup:
    """Return a slot's ad as XHTML: text, links and pictures; empty if nothing is visible."""
    html = nh3.clean(
        slot.mail,
        tags=_AD_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_AD_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    tree = markup.parse(html)
    markup.make_absolute(tree, config.url, addresses.absolute(addresses.HOME, config))
    for link in tree.iter("a"):
        link.set("rel", "sponsored")
    for picture in tree.iter("img"):
        width = picture.get("width", "")
        pixels = min(int(width), _AD_WIDTH) if width.isdecimal() else _AD_WIDTH
        picture.attrib.pop("height", None)
        picture.set("alt", picture.get("alt", ""))
        picture.set("width", str(pixels))
        picture.set("style", f"display:block;width:100%;max-width:{pixels}px;height:auto")
    is_visible = tree.find(".//img") is not None or "".join(tree.itertext()).strip()
    return Markup(markup.to_xml(tree) if is_visible else "")  # noqa: S704 - sanitised above

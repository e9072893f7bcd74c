"""The press: what every edition of a newsletter is printed with."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo

from markupsafe import Markup

from syndicate.body import markup
from syndicate.config import Config, Newsletter
from syndicate.model.articles import Article
from syndicate.model.editions import SLOTS, Content, slot_marker
from syndicate.render import addresses, ui_strings
from syndicate.render.article_view import text_direction
from syndicate.render.mail import mjml
from syndicate.render.mail.ads import mail_ad
from syndicate.render.mail.plain_text import wrap
from syndicate.render.mail.ui_strings import MailStrings, mail_strings
from syndicate.render.templates import Templates

MAX_BYTES = 90_000
"""Bytes of HTML. Gmail cuts a message off at 102 KB, unsubscribe link and all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDate:
    """The day that an edition is of: that of its slot, whenever its stories are from."""

    at: datetime
    """When the slot was due; where an edition is sent by hand, when it is composed."""
    zone: ZoneInfo
    """The zone of the schedule."""


@dataclass(frozen=True, kw_only=True)
class MailContext:
    """One newsletter's templates, words and masthead, for one edition."""

    config: Config
    templates: Templates
    newsletter: Newsletter
    language: str
    edition_date: EditionDate
    """The date in the masthead."""
    draft: str
    """The nonce while composing; the edition's own is made of what came out."""

    @classmethod
    def of(
        cls,
        *,
        articles: Sequence[Article],
        newsletter: Newsletter,
        config: Config,
        templates: Templates,
        edition_date: EditionDate,
    ) -> Self:
        """Set up the press for an edition of these articles."""
        return cls(
            config=config,
            templates=templates,
            newsletter=newsletter,
            language=newsletter.language or config.publication.language,
            edition_date=edition_date,
            draft=_nonce(repr(articles)),
        )

    @property
    def words(self) -> MailStrings:
        """What the mail says by itself."""
        return mail_strings(self.language)

    def html(self, template: str, values: dict[str, Any]) -> str:
        """Render a template to MJML, and that to HTML; raise TemplateError."""
        source = self.templates.render(template, self._values | values)
        return mjml.to_html(source, template=template)

    def text(self, template: str, values: dict[str, Any]) -> str:
        """Render a text twin; raise TemplateError."""
        written = self.templates.render(template, self._values | values)
        return markup.printable(written).strip() + "\n"

    @cached_property
    def style(self) -> str:
        """The style sheet of bodies."""
        return self.templates.render("email/body.css", self._values)

    def content(self, *, subject: str, preheader: str, html: str, text: str) -> Content:
        """Give what was composed a nonce of its own, so that the same content has the same hash."""
        said = [part.replace(self.draft, "") for part in (subject, preheader, html, text)]
        nonce = _nonce(repr(said))
        return Content(
            subject=subject,
            preheader=preheader,
            html=html.replace(self.draft, nonce),
            text=text.replace(self.draft, nonce),
            nonce=nonce,
        )

    @cached_property
    def _values(self) -> dict[str, Any]:
        """What every template may use."""
        config, ads = self.config, self.config.ads
        slots = {name: slot_marker(self.draft, name) for name in SLOTS}
        return {
            "publication": config.publication,
            "newsletter": self.newsletter,
            "theme": config.theme,
            "link": lambda address: addresses.absolute(address, config),
            "home": addresses.absolute(addresses.HOME, config),
            "logo": addresses.logo(config),
            "language": self.language,
            "direction": text_direction(self.language),
            "zone": config.publication.timezone,
            "at": self.edition_date.at,
            "edition_zone": self.edition_date.zone,
            "words": ui_strings.page_strings(self.language),
            "mail": self.words,
            "why": self.words.why.format(
                email=slots["email"],
                newsletter=self.newsletter.label,
                publication=config.publication.title,
            ),
            "slot": slots,
            "ads": {
                "header": Markup(mail_ad(ads.header, config)),  # noqa: S704 - sanitised there
                "post_top": Markup(mail_ad(ads.post_top, config)),  # noqa: S704 - sanitised there
            },
            "wrap": wrap,
        }


def _nonce(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]

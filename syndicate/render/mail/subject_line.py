"""Writes the subject of an edition: the lead's headline, in the newsletter's own pattern."""

from collections.abc import Mapping
from datetime import datetime

from syndicate.config import Newsletter
from syndicate.language import Translator
from syndicate.model.articles import Article
from syndicate.render.formatting import FILTERS, text_direction
from syndicate.render.mail.context import MailContext
from syndicate.text import isolate, one_line, shorten

MAX_LENGTH = 200
"""Characters; a headline is shortened only beyond it."""
PREHEADER_LENGTH = 140
"""Characters at most."""
_MIN_HEADLINE = 40
_HEADLINE = "{lead}"


def edition_subject(lead: Article, context: MailContext) -> str:
    """Return the editor's subject of an edition, else the one that its newsletter makes."""
    return context.brief.subject or subject_line(
        lead,
        context.newsletter,
        date=context.edition_date,
        words=context.translator,
        language=context.language,
    )


def story_preheader(article: Article) -> str:
    """Return the preheader of an edition of one article."""
    return shorten(article.summary or article.excerpt, PREHEADER_LENGTH)


def subject_line(
    lead: Article, newsletter: Newsletter, *, date: datetime, words: Translator, language: str
) -> str:
    """Return the subject of an edition with this lead; `date` is in the zone it is shown in.

    A headline that begins with the word for breaking news gets it once.
    """
    headline, pattern = one_line(lead.title), newsletter.subject or _HEADLINE
    label = words.gettext("Breaking")
    labelled = lead.breaking and not headline.casefold().startswith(label.casefold())
    values = {
        "breaking": words.gettext("%(label)s: %(text)s", label=label, text="") if labelled else "",
        "title": newsletter.label,
        "date": FILTERS["date"](date, date.tzinfo, language),
    }
    room = MAX_LENGTH - len(pattern.format(lead="", **values))
    values["lead"] = shorten(headline, max(room, _MIN_HEADLINE))
    subject = pattern.format(**values)
    if len(subject) > MAX_LENGTH or subject == values["lead"]:
        return shorten(subject, MAX_LENGTH)
    return pattern.format(**_isolated(values, lead, language))


def _isolated(values: Mapping[str, str], lead: Article, language: str) -> dict[str, str]:
    """Isolate the parts whose direction differs from that of the newsletter's language.

    A subject of one direction, as most are, has no invisible characters.
    """
    around = text_direction(language)
    own = text_direction(lead.language or language)
    return {
        name: isolate(value, around, own if name == "lead" else "")
        for name, value in values.items()
    }

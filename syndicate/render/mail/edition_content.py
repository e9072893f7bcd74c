"""Editions: what a newsletter says, as HTML and as text, once for all of its readers.

Pure: the same articles, newsletter, configuration, templates and day make the same
content, and the same content has the same hash.
"""

from collections.abc import Sequence

from syndicate.config import Config, Newsletter
from syndicate.model.articles import Article
from syndicate.model.editions import Content, EditionKind
from syndicate.render.mail.alert import compose_alert
from syndicate.render.mail.context import EditionDate, MailContext
from syndicate.render.mail.digest import compose_digest
from syndicate.render.templates import Templates


def compose_edition(
    *,
    kind: EditionKind,
    articles: Sequence[Article],
    more: Sequence[Article],
    newsletter: Newsletter,
    config: Config,
    templates: Templates,
    edition_date: EditionDate,
) -> Content:
    """Compose an alert (the first article, whole) or a digest; raise TemplateError.

    `articles` are newest first; `more` are those that the edition has no room
    for, which a digest names.
    """
    press = MailContext.of(
        articles=[*articles, *more],
        newsletter=newsletter,
        config=config,
        templates=templates,
        edition_date=edition_date,
    )
    if kind is EditionKind.ALERT:
        return compose_alert(articles[0], press)
    return compose_digest(articles, more, press)

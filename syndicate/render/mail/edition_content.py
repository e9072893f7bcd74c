"""Editions: what a newsletter says, as HTML and as text, once for all of its readers.

Pure: the same articles, newsletter, configuration, templates and day make the same
content, and the same content has the same hash.
"""

from collections.abc import Sequence

from syndicate.config import Config, Newsletter
from syndicate.model.articles import Article
from syndicate.model.editions import Content, EditionKind
from syndicate.render.mail.alert import alert
from syndicate.render.mail.context import EditionDate, MailContext
from syndicate.render.mail.digest import digest
from syndicate.render.templates import Templates


def compose(
    *,
    kind: EditionKind,
    articles: Sequence[Article],
    more: Sequence[Article],
    newsletter: Newsletter,
    config: Config,
    templates: Templates,
    dateline: EditionDate,
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
        dateline=dateline,
    )
    if kind is EditionKind.ALERT:
        return alert(articles[0], press)
    return digest(articles, more, press)

"""Composes the content of an edition, as HTML and text, once for all of its readers.

Pure: the same articles, newsletter, configuration, templates and date make the same content,
and the same content has the same hash.
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
    """Compose an alert (the first article in full) or a digest; raise TemplateError.

    `articles` are newest first; `more` are those beyond the maximum, of which a digest has the
    headlines.
    """
    context = MailContext(
        config=config,
        templates=templates,
        newsletter=newsletter,
        language=newsletter.language or config.publication.language,
        edition_date=edition_date,
        seed=repr([*articles, *more]),
    )
    if kind is EditionKind.ALERT:
        return compose_alert(articles[0], context)
    return compose_digest(articles, more, context)

"""Mail to reviewers: the proof of an edition that waits, and the code that confirms a decision."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.language import translator
from syndicate.model.editions import Content, placeholder
from syndicate.model.reviews import CODE_LIFETIME, ReviewDecision, UnsentOutcome
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.mail.context import MailContext, subscription_reason
from syndicate.render.mail.insertion import insert_in_body
from syndicate.render.mail.plain_text import wrap
from syndicate.render.templates import Templates
from syndicate.text import isolate, printable

_HEAD_END = re.compile("</head>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofDetails:
    """What stands above an edition in its proof."""

    url: str
    """The reviewer's own page."""
    newsletter: Newsletter
    approve_by: datetime
    hold: timedelta
    findings: Sequence[str]
    """What it waits for a person for."""
    warnings: Sequence[str] = ()
    unsent: UnsentOutcome = UnsentOutcome.STORIES
    """What becomes of it if nobody approves it in time."""


def compose_proof(
    content: Content, details: ProofDetails, *, config: Config, templates: Templates
) -> Content:
    """Return an edition's content with a block above it; raise TemplateError.

    Its footer doesn't say that the reviewer is subscribed, but that they review editions.
    """
    content = _with_reviewers_reason(content, details.newsletter, config)
    language = translator(config.publication.language)
    around = text_direction(language.language)
    values = {
        "publication": config.publication,
        "theme": config.theme,
        "zone": config.publication.timezone,
        "language": language.language,
        "details": details,
        "hold_minutes": -(-details.hold // timedelta(minutes=1)),
        "subject": content.subject,
        "wrap": wrap,
        **language.for_templates,
    }
    style = templates.render("email/parts/proof_style.html", values)
    block = templates.render("email/proof.html", values)
    above = printable(templates.render("email/proof.txt", values))
    html = _HEAD_END.sub(lambda end: style + end[0], content.html, count=1)
    return replace(
        content,
        subject=language.gettext("Proof: %(subject)s", subject=isolate(content.subject, around)),
        html=insert_in_body(html, block),
        text=f"{above.strip()}\n\n{content.text}",
    )


def _with_reviewers_reason(content: Content, newsletter: Newsletter, config: Config) -> Content:
    """Replace the reason why readers get an edition, if its templates write it."""
    own = translator(config.publication.language)
    reason = own.gettext(
        "You’re receiving this because you review the editions of %(publication)s. Readers see "
        "here why they get it.",
        publication=config.publication.title,
    )
    texts = translator(config.language_of(newsletter))
    email = placeholder(content.nonce, "email")
    readers = subscription_reason(newsletter, config, texts, email=email)
    span = f'<span lang="{own.language}">{escape(reason, quote=False)}</span>'
    return replace(
        content,
        html=content.html.replace(escape(readers, quote=False), span),
        text=content.text.replace(wrap(readers), wrap(reason)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDetails:
    """A code, and the decision about an edition that it confirms."""

    code: str
    decision: ReviewDecision
    note: str
    newsletter: Newsletter
    subject: str
    """The edition's."""


def compose_code(details: CodeDetails, *, config: Config, templates: Templates) -> Content:
    """Compose the mail with a code that confirms a decision; raise TemplateError."""
    context = MailContext(
        config=config,
        templates=templates,
        newsletter=details.newsletter,
        language=config.publication.language,
        edition_date=EPOCH.astimezone(config.publication.timezone),  # it doesn't show it
        seed=details.code,
    )
    gettext = context.translator.gettext
    subject = isolate(details.subject, text_direction(context.translator.language))
    titles = {
        ReviewDecision.APPROVE: gettext("Your code to approve “%(subject)s”", subject=subject),
        ReviewDecision.SEND_BACK: gettext("Your code to send back “%(subject)s”", subject=subject),
        ReviewDecision.STOP: gettext("Your code to stop “%(subject)s”", subject=subject),
    }
    values = {
        "subject": titles[details.decision],
        "preheader": details.code,
        "code": details.code,
        "note": details.note,
        "minutes": CODE_LIFETIME // timedelta(minutes=1),
        "logo": addresses.logo(config),
        "why": gettext(
            "You’re receiving this email because someone with your review link pressed that "
            "button. If it wasn’t you, ignore it: nothing happens without the code. Don’t pass "
            "it on."
        ),
    }
    return context.content(context.html("email/code.mjml", values), "email/code.txt", values)

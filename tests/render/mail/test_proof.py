"""Proofs: an edition as reviewers get it before any reader."""

from datetime import timedelta
from html import escape

import pytest

from syndicate.config import Newsletter
from syndicate.language import available_languages, translator
from syndicate.model.editions import Content
from syndicate.render.mail.review import ProofDetails, compose_proof
from tests.render.mail.samples import AT, SHIPPED, alert, config, digest, stories, story

REASON = (
    "You’re receiving this because you review the editions of %(publication)s. Readers see here "
    "why they get it."
)


def proof(content: Content, newsletter: Newsletter, language: str) -> Content:
    details = ProofDetails(
        url="https://post.example/review/x",
        newsletter=newsletter,
        approve_by=AT,
        hold=timedelta(),
        findings=(),
    )
    own = config(language=language, title="Post & “Echo”")
    return compose_proof(content, details, config=own, templates=SHIPPED)


@pytest.mark.parametrize("language", available_languages())
def test_the_footer_says_that_a_reviewer_reviews_and_not_that_they_are_subscribed(language):
    newsletter = Newsletter(name="news", title="Lord & “Lady” <b>", language=language)
    given = {"newsletter": newsletter, "config": config(language="fr", title="Post & “Echo”")}
    for edition in (alert(story(), **given), digest(stories(), **given)):
        made = proof(edition, newsletter, "fr")
        reason = translator("fr").gettext(REASON, publication="Post & “Echo”")
        assert f'<span lang="fr">{escape(reason, quote=False)}</span>' in made.html
        assert " ".join(reason.split()) in " ".join(made.text.split())
        for part in (made.html, made.text):
            assert "EMAILEND" not in part
        assert "EMAILEND" in edition.html
        assert "EMAILEND" in edition.text

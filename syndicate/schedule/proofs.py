"""Proofs: an edition that waits for a person is mailed to each reviewer, before any reader has it.

Which editions lack their proof is a fact in the store, so it doesn't matter who made one wait, and
a killed process neither loses nor doubles a proof.
"""

from datetime import datetime, timedelta

import structlog

from syndicate.config import Config, Newsletter
from syndicate.config.values import Mailbox
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import Refused, SyndicateError
from syndicate.language import translator
from syndicate.model.editions import Content, WaitingEdition
from syndicate.model.findings import translate_findings
from syndicate.model.reviews import UnsentOutcome, proof_topic
from syndicate.model.subscribers import Actor, Cause
from syndicate.render.mail.review import ProofDetails, compose_proof
from syndicate.render.templates import Templates
from syndicate.schedule.correction_notes import unsent_outcome
from syndicate.schedule.staff_mail import StaffMessage
from syndicate.store import Store

_log = structlog.get_logger(__name__)
_HOUR = timedelta(hours=1)


class ProofMail:
    """Mails the proofs of one publication."""

    def __init__(self, store: Store, config: Config, links: SignedLinks) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._templates = Templates(config.templates)

    def enqueue_missing(self, at: datetime) -> list[str]:
        """Queue the proofs that are missing; return what was done, for the log.

        One that can't be composed is tried again, and logged once an hour.
        """
        if not self._config.review.reviewers:
            return []
        with self._store.read() as tx:
            missing = [
                waiting
                for waiting in tx.waiting.all()
                if waiting.terms.approve_by is not None
                and not tx.waiting.is_proofed(waiting.edition.key)
            ]
        return [message for waiting in missing if (message := self._enqueue(waiting, at))]

    def _enqueue(self, waiting: WaitingEdition, at: datetime) -> str | None:
        key = waiting.edition.key
        try:
            messages = self._messages(waiting)
            names = ", ".join(
                reviewer.name or reviewer.address for reviewer in self._config.review.reviewers
            )
            cause = Cause(who=Actor.SCHEDULE, how="schedule", at=at, why=f"to {names}")
            with self._store.write() as tx:
                if not tx.waiting.mark_proofed(key, cause):
                    return None
                for message in messages:
                    message.enqueue(tx, at)
        except Refused:  # it was decided meanwhile
            return None
        except SyndicateError as error:
            with self._store.write() as tx:
                first = tx.attempt_limits.once(f"proof of {key} failed", per=_HOUR, at=at)
            if first:
                _log.error("no proof mailed", edition=key, reason=str(error))
            return None
        return f"the proof of edition {key} is mailed to {names}"

    def _messages(self, waiting: WaitingEdition) -> list[StaffMessage]:
        edition = waiting.edition
        newsletter = self._config.newsletter(edition.newsletter)
        newsletter = newsletter or Newsletter(name=edition.newsletter)
        with self._store.read() as tx:
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(edition.key)
            unsent = unsent_outcome(tx, edition, newsletter)
        return [
            StaffMessage(
                to=reviewer.address,
                key=proof_topic(edition.key),
                content=self._compose(content, waiting, reviewer, newsletter, unsent),
                newsletter=edition.newsletter,
                links=links,
            )
            for reviewer in self._config.review.reviewers
        ]

    def _compose(
        self,
        content: Content,
        waiting: WaitingEdition,
        reviewer: Mailbox,
        newsletter: Newsletter,
        unsent: UnsentOutcome,
    ) -> Content:
        edition, terms = waiting.edition, waiting.terms
        assert terms.approve_by is not None, "it waits for a person"
        texts = translator(self._config.publication.language)
        details = ProofDetails(
            url=self._links.review(edition.key, reviewer.address),
            newsletter=newsletter,
            approve_by=terms.approve_by,
            hold=terms.hold,
            findings=translate_findings(terms.findings, texts),
            warnings=translate_findings(terms.warnings, texts),
            unsent=unsent,
        )
        return compose_proof(content, details, config=self._config, templates=self._templates)

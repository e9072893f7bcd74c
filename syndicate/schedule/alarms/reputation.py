"""Finds what costs a sender its good name: newsletters called spam, and domains that refuse us.

Letters have no share of complaints, and a correction waits for a person anyway.
"""

from collections.abc import Iterator
from datetime import datetime

from syndicate.config import Config
from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.model.findings import EditionFinding
from syndicate.store import Transaction

_COMPLAINTS_RING = 2
"""The readers from whose complaints on their share counts: one among a few says nothing."""
_COMPLAINTS_WAIT = 5
"""The readers from whose complaints on editions wait."""
_REFUSALS_RING = 20
"""The refusals by a domain, of one edition, from which their share counts."""
_REFUSED_SHARE = 0.05
gettext = EditionFinding.of
"""Texts for Babel, which are English here and translated for reviewers."""


def find_complaints(
    tx: Transaction, config: Config, newsletter: str, at: datetime
) -> tuple[str, ...]:
    """Return why a newsletter's next edition waits for a person; empty where it need not.

    It is judged by the mail of the last week; where there was none, by the newest edition.
    """
    share = config.bounces.complaints_wait
    rate = tx.reputation.complaint_rate(newsletter, at, share=share, at_least=_COMPLAINTS_WAIT)
    if rate is None:
        return ()
    finding = gettext(
        "readers called %(complaints)s of %(accepted)s recent messages of %(newsletter)s spam",
        complaints=rate.complaints,
        accepted=rate.accepted,
        newsletter=newsletter,
    )
    return (finding,)


def complaint_causes(tx: Transaction, config: Config, at: datetime) -> Iterator[AlarmCause]:
    """Yield the newsletters of whose mail of the last week too much was called spam."""
    limit = config.bounces.complaints_alarm
    for rate in tx.reputation.complaint_rates(at, share=limit, at_least=_COMPLAINTS_RING):
        waits = rate.share >= config.bounces.complaints_wait and rate.readers >= _COMPLAINTS_WAIT
        yield AlarmCause(
            kind=AlarmKind.COMPLAINTS,
            subject=rate.newsletter,
            text=(
                f"{rate.newsletter}: readers called {_percent(rate.share)} of its mail of the last "
                f"7 days spam, {rate.complaints:,} of {rate.accepted:,} messages"
                f"{'; its next editions wait for a person' if waits else ''}"
            ),
            remedy=(
                f"`syndicate editions show {rate.edition}` shows the edition with most of them; "
                "docs/deliverability.md says what makes readers complain, and what to do"
            ),
        )


def refusal_causes(tx: Transaction, at: datetime) -> Iterator[AlarmCause]:
    """Yield the domains that refused much of an edition by policy within a day."""
    refusals = tx.reputation.policy_refusals(at, share=_REFUSED_SHARE, at_least=_REFUSALS_RING)
    for found in refusals:
        yield AlarmCause(
            kind=AlarmKind.BLOCKED,
            subject=found.domain,
            text=(
                f"{found.domain} refuses our mail by policy: {found.refused:,} of {found.tried:,} "
                f"messages of edition {found.edition}, such as {found.answer}"
            ),
            remedy=(
                "`syndicate doctor` checks what most refusals are about (SPF, DKIM, DMARC); "
                "docs/deliverability.md says what the codes mean, and whom to ask"
            ),
        )


def _percent(share: float) -> str:
    """Format a share with two significant digits: "0.35 %", "12 %"."""
    return f"{100 * share:.2g} %" if share < 1 else "100 %"

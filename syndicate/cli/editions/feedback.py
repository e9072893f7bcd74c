"""What came back about editions, as commands print it: by kind, domain and code."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from syndicate.cli.console import echo, echo_table, note
from syndicate.model.feedback import (
    FeedbackGroup,
    FeedbackKind,
    FeedbackRecord,
    FeedbackTotals,
    MatchedBy,
    format_answer,
)

_SHOWN = 10
"""Groups of reports that are printed; --json has all of them."""
_RECORD_KEYS = ("kind", "code", "status", "text", "host", "source", "matched_by", "at")
"""The attributes that `--json` prints."""


def format_feedback(totals: FeedbackTotals) -> str:
    """Format what came back: "3 bounced, 1 called it spam"; empty if nothing did."""
    counts = {"bounced": totals.bounced, "called it spam": totals.complained}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def feedback_values(totals: FeedbackTotals) -> dict[str, int]:
    """Return the counts for scripts; `bounced` is the sum of the first three."""
    return {"bounced": totals.bounced, **asdict(totals)}


def recent_feedback_values(totals: FeedbackTotals) -> dict[str, int]:
    """Return the counts of a newsletter for scripts; nobody counts there what was delivered."""
    return {key: count for key, count in feedback_values(totals).items() if key != "delivered"}


def record_values(record: FeedbackRecord) -> dict[str, Any]:
    """Return one report for scripts."""
    return {key: getattr(record, key) for key in _RECORD_KEYS}


def echo_feedback(totals: FeedbackTotals, groups: Sequence[FeedbackGroup]) -> None:
    """Print what came back about an edition, and what servers refused, by domain and code."""
    if totals.bounced:
        kinds = {"hard": totals.hard, "soft": totals.soft, "blocked": totals.blocked}
        how = ", ".join(f"{count:,} {name}" for name, count in kinds.items() if count)
        echo(f"{totals.bounced:,} bounced after a server had accepted them: {how}")
    if totals.complained:
        echo(f"{totals.complained:,} called it spam")
    if totals.unsubscribed:
        echo(f"{totals.unsubscribed:,} unsubscribed by mail or at the provider")
    if totals.delivered:
        echo(f"{totals.delivered:,} reported as delivered")
    if not groups:
        return
    echo()
    rows = []
    for group in groups[:_SHOWN]:
        answer = format_answer(group.code, group.status, group.text)
        rows.append((group.count, group.kind, _when(group), group.domain, answer))
    echo_table(("count", "what", "when", "domain", "such as"), rows)
    if rest := groups[_SHOWN:]:
        count = sum(group.count for group in rest)
        note(f"and {count:,} more of {len(rest):,} other domains or codes: --json lists all")


def _when(group: FeedbackGroup) -> str:
    if not group.at_hand_over:
        return "later"
    return f"at hand-over, by {group.relay}" if group.relay else "at hand-over"


def describe_records(records: Iterable[FeedbackRecord]) -> str:
    """Describe what came back about a delivery; empty for what its row says itself."""
    descriptions = []
    for record in records:
        if record.matched_by is not MatchedBy.HAND_OVER:
            has_answer = record.answer and record.kind is not FeedbackKind.DELIVERED
            answer = f": {record.answer}" if has_answer else ""
            descriptions.append(f"{record.kind}{answer}")
    return "; ".join(descriptions)

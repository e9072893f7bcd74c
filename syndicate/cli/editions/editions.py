"""`editions` and `editions show`: what was sent, and how often its links were clicked."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from typer import Option

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_table, format_time, note
from syndicate.cli.context import AsJson, CommandContext, EditionId
from syndicate.cli.editions.control import edition_state, edition_state_value, load_edition
from syndicate.cli.editions.feedback import echo_feedback, feedback_values, format_feedback
from syndicate.cli.editions.progress import format_unsettled, watch_editions
from syndicate.cli.editions.relays import blocker_lines
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import Edition, EditionState, EditionWait, WaitingEdition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from syndicate.model.editions import ControlRecord
    from syndicate.model.feedback import FeedbackTotals
    from syndicate.schedule.mail_status import Blocker, MailStatus
    from syndicate.store import LinkClicks, Transaction

STATES = tuple(field.name for field in fields(DeliveryTotals))
COUNTS = ("audience", *STATES)
_EDITION_KEYS = (
    *("newsletter", "schedule", "kind", "subject", "created_at", "slot_at"),
    *("successor", "original"),
)
"""The attributes that `--json` prints."""

Watch = Annotated[bool, Option("--watch", help="Show progress every second, until Ctrl-C.")]


class _Entry(NamedTuple):
    edition: Edition
    totals: DeliveryTotals
    wait: EditionWait
    release: WaitingEdition | None
    """What it waits for before it is released."""
    sent_back: "ControlRecord | None"
    """The reviewer's decision that it has to change first."""
    feedback: "FeedbackTotals"


def editions(command: CommandContext, *, json: AsJson = False, watch: Watch = False) -> None:
    """List the editions, newest first; `show` has the details of one."""
    if watch:
        watch_editions(command, json=json)
        return
    with command.store() as store, store.read() as tx:
        entries = [_load(tx, edition) for edition in tx.editions.all()]
        status = _mail_status(tx, command, entries)
    if json:
        echo_json([_values(entry, status) for entry in entries])
        return
    zone = command.config.publication.timezone
    rows = [
        (
            entry.edition.key,
            entry.edition.created_at,
            entry.edition.newsletter,
            entry.edition.kind,
            edition_state(entry.edition, entry.totals),
            entry.totals.audience if _has_audience(entry.edition) else "",
            _outcome(entry),
            entry.edition.subject,
        )
        for entry in entries
    ]
    headings = ("id", "at", "newsletter", "kind", "state", "audience", "outcome", "subject")
    echo_table(headings, rows, zone)
    for entry in entries:
        for line in _wait_lines(entry, zone):
            echo(f"edition {entry.edition.key}: {line}")
    blockers = _blockers(entries, status) or (status.pause_blockers if status else ())
    for line in blocker_lines(blockers, zone):
        echo(line)


def show(
    command: CommandContext, edition: EditionId, *, json: AsJson = False, watch: Watch = False
) -> None:
    """Show one edition: its deliveries, what came back, stories, decisions, clicks on each link.

    With `--watch`, end when no delivery waits any more.
    """
    if watch:
        watch_editions(command, only=edition, json=json)
        return
    with command.store() as store, store.read() as tx:
        stored = load_edition(tx, edition)
        entry = _load(tx, stored)
        stories = tx.corrections.stories(edition)
        clicks, decisions = tx.clicks.counts(edition), tx.control.decisions(edition)
        groups = tx.feedback_figures.groups(edition)
        status = _mail_status(tx, command, [entry])
    if json:
        values = _values(entry, status)
        values["feedback"]["groups"] = [asdict(group) for group in groups]
        values["stories"] = [asdict(story) | {"since": story.since} for story in stories]
        values["decisions"] = [_decision_values(decision) for decision in decisions]
        values["links"] = [asdict(link) for link in clicks if link.link]
        values["hidden_link"] = sum(link.machines for link in clicks if not link.link)
        echo_json(values)
        return
    zone = command.config.publication.timezone
    for line in _summary_lines(entry, zone):
        echo(line)
    for line in blocker_lines(_blockers([entry], status), zone):
        echo(line)
    for decision in decisions:
        at = format_time(decision.cause.at, zone)
        echo(f"{at}  {decision.act} ({decision.cause.how}): {decision.detail}")
    echo_feedback(entry.feedback, groups)
    echo()
    rows = [(story.slug, story.revision, story.since, story.title) for story in stories]
    echo_table(("slug", "revision", "since then", "title"), rows)
    _echo_clicks(command, stored, clicks)


def _summary_lines(entry: _Entry, zone: "ZoneInfo") -> "Iterator[str]":
    """Yield what an edition is, how far it got, and why it waits."""
    edition = entry.edition
    at, state = format_time(edition.created_at, zone), edition_state(edition, entry.totals)
    yield f"edition {edition.key}: {edition.subject}"
    audience = (
        "no recipients" if _has_audience(edition) else "its readers are chosen at its release"
    )
    yield f"{edition.kind} of {edition.newsletter}, {at}, {state}; {_outcome(entry) or audience}"
    yield from _wait_lines(entry, zone)


def _echo_clicks(command: CommandContext, edition: Edition, clicks: "Sequence[LinkClicks]") -> None:
    """List the links by number, with clicks by people and by machines."""
    newsletter = command.config.newsletter(edition.newsletter)
    if newsletter is None or newsletter.tracking == "none":
        note(f'clicks are not counted: tracking is "none" for {edition.newsletter}')
    links = [link for link in clicks if link.link]
    if not any(link.people or link.machines for link in clicks):
        if links and newsletter is not None and newsletter.tracking != "none":
            note("no link was clicked yet")
        return
    echo()
    by_reader = ("readers",) if any(link.readers for link in links) else ()
    columns = ("people", *by_reader, "machines", "address")
    rows = [[getattr(link, column) for column in columns] for link in links]
    echo_table((*columns[:-1], "link"), rows)
    if clicks and not clicks[0].link:
        note(f"the hidden link was followed {clicks[0].machines} times, by machines")


def _wait_lines(entry: _Entry, zone: "ZoneInfo") -> "Iterator[str]":
    """Yield a line for each reason why an edition waits."""
    edition, wait, release, sent_back = entry.edition, entry.wait, entry.release, entry.sent_back
    if sent_back is not None:
        yield f"{sent_back.cause.how}: {sent_back.detail.partition('; ')[2]}"
    if release is not None:
        yield from _release_lines(release, zone)
    if edition.state is EditionState.PAUSED:
        paused = wait.paused
        by = f" since {format_time(paused.cause.at, zone)}: {paused.cause.how}" if paused else ""
        yield f"paused{by}; waits for `syndicate resume {edition.key}`"
    if wait.put_off:
        why = f": {wait.reply}" if wait.reply else ""
        at = format_time(wait.next_attempt_at, zone)
        yield f"{wait.put_off} deferred, the first until {at}{why}"
    if wait.unsettled:
        yield format_unsettled(edition.key, wait.unsettled)


def _release_lines(waiting: WaitingEdition, zone: "ZoneInfo") -> "Iterator[str]":
    """Yield what an edition waits for before it is released."""
    key, terms = waiting.edition.key, waiting.terms
    yield from (f"error: {finding}" for finding in terms.findings)
    yield from (f"warning: {warning}" for warning in terms.warnings)
    if waiting.corrects is not None:
        yield "is for those who had its story wrong, as of its release"
    if terms.approve_by is not None:
        by = format_time(terms.approve_by, zone)
        yield f"waits until {by} for `syndicate approve {key}`, or `reject {key}`"
    elif waiting.release_at is not None:
        at = format_time(waiting.release_at, zone)
        yield f"is released at {at}; until then `syndicate reject {key}` drops it"


def _has_audience(edition: Edition) -> bool:
    """Whether its readers are known; those of an edition that waits are chosen at its release."""
    return edition.state is not EditionState.WAITING


def _outcome(entry: _Entry) -> str:
    """Write the counts, which add up to the audience, and what came back of what was accepted."""
    counts = ((name, getattr(entry.totals, name)) for name in STATES)
    states = ", ".join(f"{count} {name}" for name, count in counts if count)
    return "; ".join(filter(None, (states, format_feedback(entry.feedback))))


def _load(tx: "Transaction", edition: Edition) -> _Entry:
    """Count an edition's deliveries, and look up what it waits for where that is possible."""
    totals = tx.deliveries.totals(edition.key)
    may_wait = totals.waiting or totals.unknown or edition.state is EditionState.PAUSED
    wait = tx.control.blockers(edition) if may_wait else EditionWait()
    waits = edition.state is EditionState.WAITING
    release = tx.waiting.find(edition.key) if waits else None
    sent_back = tx.waiting.sent_back(edition.key) if waits else None
    feedback = tx.feedback_figures.totals(edition.key)
    return _Entry(edition, totals, wait, release, sent_back, feedback)


def _mail_status(
    tx: "Transaction", command: CommandContext, entries: "Iterable[_Entry]"
) -> "MailStatus | None":
    """Read the state of the relays, if any delivery waits, or all mail is paused."""
    from syndicate.schedule.mail_status import MailStatus  # noqa: PLC0415 - start-up

    waiting = any(entry.totals.waiting for entry in entries)
    reads = waiting or tx.mail_pause.current() is not None
    return MailStatus.read(tx, command.config, clock.now()) if reads else None


def _blockers(entries: "Iterable[_Entry]", status: "MailStatus | None") -> "Sequence[Blocker]":
    editions = ((entry.edition, entry.totals) for entry in entries)
    return () if status is None else status.edition_blockers(editions)


def _values(entry: _Entry, status: "MailStatus | None") -> dict[str, Any]:
    edition, totals, wait, release, sent_back, feedback = entry
    blockers = [asdict(blocker) for blocker in _blockers([entry], status)]
    return {
        "id": edition.key,
        **{name: getattr(edition, name) for name in _EDITION_KEYS},
        "state": edition_state_value(edition.state, waits=bool(totals.waiting)),
        "waiting": totals.waiting,
        "waits_for": asdict(wait)
        | {"paused": _decision_values(wait.paused) if wait.paused else None}
        | {"obstacles": blockers},
        "release": _release_values(release, sent_back) if release else None,
        **{name: getattr(totals, name) for name in COUNTS},
        "feedback": feedback_values(feedback),
    }


def _release_values(release: WaitingEdition, sent_back: "ControlRecord | None") -> dict[str, Any]:
    decision = _decision_values(sent_back) if sent_back else None
    return {"at": release.release_at, **asdict(release.terms), "sent_back": decision}


def _decision_values(decision: "ControlRecord") -> dict[str, Any]:
    return {
        "at": decision.cause.at,
        "decision": decision.act,
        "who": decision.cause.who,
        "how": decision.cause.how,
        "detail": decision.detail,
    }

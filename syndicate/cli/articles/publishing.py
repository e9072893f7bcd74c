"""`build` writes the published output; `push` calls hubs and search engines about it."""

from typing import TYPE_CHECKING, Annotated, Any

from typer import Exit, Option

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_outcome, echo_table, note
from syndicate.cli.context import AsJson, At, CommandContext
from syndicate.cli.reports import note_assumed_address, notify, update_mirror
from syndicate.text import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syndicate.publish.build.build import BuildSummary
    from syndicate.store import Transaction


_MAX_SUBSCRIBERS = 20
"""Failing subscribers of our own hub that are listed one by one."""


def build(
    command: CommandContext,
    *,
    at: At = None,
    everything: Annotated[
        bool,
        Option("--all", help="Rebuild every file, and restore files that were edited by hand."),
    ] = False,
    compress: Annotated[
        bool | None,
        Option(
            "--compress/--no-compress",
            help="Whether to keep .gz and .br copies beside article pages from now on.",
            show_default="as before",
        ),
    ] = None,
    verbose: Annotated[bool, Option("--verbose", help="Name each file.")] = False,
) -> None:
    """Write what changed to feeds/ and its mirror, and notify hubs.

    `--at` updates no mirror and notifies nobody.
    """
    from syndicate.publish.build.publisher import Publisher  # noqa: PLC0415 - start-up
    from syndicate.publish.mirror import Mirror  # noqa: PLC0415
    from syndicate.publish.push.change_notifier import ChangeNotifier  # noqa: PLC0415
    from syndicate.schedule.alarms.build_alarm import record_build  # noqa: PLC0415

    is_trial, time = at is not None, command.time(at)
    mirror = None if is_trial else Mirror.of(command.config)
    with command.store() as store:
        notifier = None if is_trial else ChangeNotifier.of(store, command.config)
        publisher = Publisher(store, command.config, compress=compress)
        summary = publisher.publish(
            time, number=not is_trial, everything=everything, trial=is_trial
        )
        if not is_trial:
            record_build(store, [*map(str, summary.failed)], time)
        _print(summary, verbose=verbose)
        note(f"in {command.config.output}")
        note_assumed_address(command.config)
        mirrored = update_mirror(mirror)
        if notifier is not None:
            notifier.record_build(summary, time)
        notify(notifier)
    if summary.failed or not mirrored:
        raise Exit(1)


def push(
    command: CommandContext,
    *,
    now: Annotated[
        bool, Option("--now", help="Retry now everything that waits or was given up.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List pending calls to hubs and search engines, with their errors."""
    from syndicate.publish.push.change_notifier import ChangeNotifier  # noqa: PLC0415 - start-up

    with command.store() as store:
        notifier = ChangeNotifier.of(store, command.config)
        if notifier is None:
            config = command.config
            is_set = config.websub.hubs or config.indexnow.key
            unreachable = f"{config.url} can't be reached from elsewhere; set publication.url"
            unset = "set websub.hubs, websub.own or indexnow.key"
            note(f"nobody is notified: {unreachable if is_set else unset}")
        failed = False
        if now and notifier is not None:
            with store.write() as tx:
                tx.calls.retry_now(clock.now())
            failed = not notify(notifier, write=note)
        with store.read() as tx:
            calls, hub = _pending_calls(tx), tx.hub.counts()
    if json:
        echo_json(calls)
    else:
        headings = ("to", "what", "attempts", "next try", "error")
        rows = [call.values() for call in calls]
        echo_table(headings, rows, command.config.publication.timezone)
        if command.config.websub.own:
            note(
                f"our hub: subscriptions {hub.subscriptions}, waiting for verification "
                f"{hub.requests}, waiting for the newest version {hub.owed}, failing {hub.failing}"
            )
    if failed:
        raise Exit(1)


def _print(summary: "BuildSummary", *, verbose: bool) -> None:
    files = {"written": summary.written, "deleted": summary.deleted} if verbose else {}
    outcomes: dict[str, Iterable[object]] = {**files, "warned": summary.warnings}
    for word, items in (outcomes | {"failed": summary.failed}).items():
        for item in items:
            echo_outcome(word, str(item))
    echo(
        f"{len(summary.written):,} written, {len(summary.deleted):,} deleted, "
        f"{summary.unchanged:,} unchanged; {count_of(summary.articles, 'article')}"
    )


def _pending_calls(tx: "Transaction") -> list[dict[str, Any]]:
    """Return the calls that are still to be made, as `push --json` prints them.

    `to` is the URL of a hub or search engine, or the host of a subscriber of our own hub: the
    rest of its callback is a secret. A call without `next_at` is only retried by `push --now`.
    """
    from syndicate.publish.push.ssrf_guard import host_of  # noqa: PLC0415 - start-up
    from syndicate.store import CallKind  # noqa: PLC0415

    pending = tx.calls.pending()
    pings = [calls for calls in pending if calls.kind is CallKind.PING]
    pages = [calls for calls in pending if calls.kind is CallKind.INDEXNOW]
    failing = [calls for calls in pending if calls.kind is CallKind.DELIVERY and calls.error]
    return [
        {
            "to": host_of(calls.endpoint) if calls.kind is CallKind.DELIVERY else calls.endpoint,
            "what": calls.topic or count_of(calls.calls, "page"),
            "attempts": calls.attempts,
            "next_at": calls.due_at,
            "error": calls.error,
        }
        for calls in (*pings, *pages, *failing[:_MAX_SUBSCRIBERS])
    ]

"""`pause --all` and `resume --all`: all mail to readers, of every process."""

from typing import TYPE_CHECKING, Any

from syndicate.cli.console import echo, echo_json, format_time, note

if TYPE_CHECKING:
    from syndicate.cli.context import CommandContext
    from syndicate.model.subscribers import Cause

SENT_NEXT = "`syndicate run` sends the rest within a second; otherwise the next `tick` does"
ALL_PAUSED = "all mail is paused: it leaves after `syndicate resume --all`"
PAUSED_SINCE = "all mail is paused since {at} ({reason}); `syndicate resume --all` lets it leave"


def pause_all(command: "CommandContext", cause: "Cause", *, json: bool) -> None:
    """Pause all mail, and print how much waits."""
    from syndicate.schedule.mail_status import describe_pause  # noqa: PLC0415 - start-up

    with command.store() as store:
        with store.write() as tx:
            changed = tx.mail_pause.begin(cause)
            in_flight = tx.mail_pause.in_flight()
        with store.read() as tx:  # counting a large ledger must not delay the pause
            held_back, pause = tx.mail_pause.held_back(), tx.mail_pause.current()
    if json:
        echo_json(_values(pause, changed=changed, in_flight=in_flight, held_back=held_back))
        return
    already = "" if changed else "already "
    echo(f"all mail is {already}paused: {in_flight} in flight, {held_back} held back")
    if not changed and pause is not None:
        at = format_time(pause.at, command.config.publication.timezone)
        note(PAUSED_SINCE.format(at=at, reason=describe_pause(pause)))
        return
    note("staff mail and test copies still leave; `syndicate resume --all` lets all mail leave")


def resume_all(command: "CommandContext", cause: "Cause", *, json: bool) -> None:
    """Let all mail leave again, and print how much waits."""
    with command.store() as store:
        with store.write() as tx:
            changed = tx.mail_pause.end(cause)
        with store.read() as tx:
            in_flight, held_back = tx.mail_pause.in_flight(), tx.mail_pause.held_back()
    if json:
        echo_json(_values(None, changed=changed, in_flight=in_flight, held_back=held_back))
        return
    result = "mail is resumed" if changed else "all mail wasn't paused"
    echo(f"{result}: {in_flight} in flight, {held_back} waiting")
    if changed and held_back:
        note(SENT_NEXT)


def _values(
    pause: "Cause | None", *, changed: bool, in_flight: int, held_back: int
) -> dict[str, Any]:
    """Return what happened for scripts; without a pause, mail may leave."""
    return {
        "paused": pause is not None,
        "changed": changed,
        "since": pause.at if pause else None,
        "how": pause.how if pause else None,
        "reason": pause.why if pause else None,
        "in_flight": in_flight,
        "held_back": held_back,
    }

"""`correct` mails what was wrong in an article to those who had it so."""

from dataclasses import asdict
from typing import Annotated

from typer import Argument, Exit

from syndicate.cli.console import echo, echo_json, note
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.editions.control import Reason, decide
from syndicate.cli.reports import notify, report_delivery, update_mirror


def correct(
    command: CommandContext,
    slug: Annotated[str, Argument(help="The article's slug, or an earlier one.")],
    *,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Mail a corrected article to those who had it wrong.

    It waits for `approve`; copies that have not left are replaced at once.
    """
    write = note if json else echo
    with command.services() as services:
        report, delivery = services.correct(slug, decide("correct", reason))
        for stopped in report.stopped:
            write(str(stopped))
        for edition in report.editions:
            write(str(edition))
        if len(report.editions) > 1:
            write(f"together for {report.readers:,}: a reader of several newsletters gets one")
        delivered = report_delivery(delivery, write=write)
        mirrored = update_mirror(services.mirror, write=write)
        notify(services.notifier, write=write)
    if json:
        echo_json(
            {
                "slug": slug,
                "readers": report.readers,
                "editions": [asdict(edition) for edition in report.editions],
                "stopped": [asdict(stopped) for stopped in report.stopped],
            }
        )
    if not delivered or not mirrored:
        raise Exit(1)

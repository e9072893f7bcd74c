"""`preview`: show what a template or an edition file makes of articles, while it is written."""

import contextlib
import webbrowser
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from syndicate.cli.console import echo, log_events
from syndicate.cli.context import CommandContext
from syndicate.errors import Refused, SyndicateError

if TYPE_CHECKING:
    import socket

    from syndicate.web.preview.samples import PreviewOrder

_HOST, _PORT = "127.0.0.1", 8001


def preview(
    command: CommandContext,
    template: Annotated[
        str, Argument(help="Such as digest, brief, alert, letter or home; or an edition file.")
    ],
    *,
    article: Annotated[
        list[str] | None,
        Option(
            metavar="SLUG", help="Show this article; may be repeated. Default: the newest ones."
        ),
    ] = None,
    newsletter: Annotated[
        str | None, Option(help="Whose edition it is. Default: the first newsletter.")
    ] = None,
    port: Annotated[
        int | None, Option(min=0, max=65535, help=f"Default: {_PORT}, or a free one.")
    ] = None,
    open_: Annotated[bool, Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show a template with articles in the viewer, again at each save. Nothing is mailed."""
    from syndicate.store import Store  # noqa: PLC0415 - start-up
    from syndicate.web.preview.samples import PreviewOrder, find_edition_file, find_template  # noqa: PLC0415

    config = command.config
    if newsletter is not None:
        command.newsletter(newsletter)
    if find_edition_file(template, config) is None:
        find_template(template, config)
    if not Store.exists(config):
        raise Refused("there is no article yet; take some in with `syndicate import articles`")
    order = PreviewOrder(name=template, slugs=tuple(article or ()), newsletter=newsletter)
    log_events()
    _serve(command, order, port, opens_browser=open_)


def _serve(
    command: CommandContext, order: "PreviewOrder", port: int | None, *, opens_browser: bool
) -> None:
    """Serve the viewer until a signal ends it."""
    from syndicate.cli.operation.signals import SignalHandlers  # noqa: PLC0415 - start-up
    from syndicate.web.preview.pages import PAGE, LivePreview, PreviewApplication  # noqa: PLC0415
    from syndicate.web.preview.saved_files import SavedFiles  # noqa: PLC0415
    from syndicate.web.server.server import WebServer  # noqa: PLC0415

    with command.store() as store:
        signals = SignalHandlers()
        live = LivePreview(order, store, command.config, command.read)
        saved = SavedFiles(command.path, lambda: live.config)
        listener = _listen(port)
        app = PreviewApplication(live, saved, signals.stop.is_set)
        bound = listener.getsockname()[1]
        server = WebServer(app, _HOST, bound, listener=listener, ended=signals.request_stop)
        with server:
            echo(
                f"{order.name} is at {server.url}{PAGE}, and follows what is saved; Ctrl-C ends it"
            )
            if opens_browser:
                webbrowser.open(f"{server.url}{PAGE}")
            for _ in signals.wait_for_reloads():  # the config is read at each load anyway
                pass
            if not server.is_alive:
                raise SyndicateError(
                    "the web server crashed; please report the error above, and start again"
                )


def _listen(port: int | None) -> "socket.socket":
    """Listen on a port, by default on one that an open page finds again after a restart."""
    from syndicate.web.server.listener import listen  # noqa: PLC0415 - start-up

    if port is not None:
        return listen(_HOST, port)
    with contextlib.suppress(SyndicateError):
        return listen(_HOST, _PORT)
    return listen(_HOST, 0)

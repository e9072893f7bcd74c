"""The page of `syndicate preview`, which loads again in the browser after each save.

It composes at each load, so it shows what is there now. A mistake is shown in place of the mail,
and goes away when it is mended. The publication's own files are served beside it, so that links
and pictures work without `syndicate run`.
"""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from syndicate import clock
from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.publish.output.formats import format_of
from syndicate.publish.output.media import MediaFolder
from syndicate.render import addresses
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.pages import OWN_SCRIPTS, WebPages
from syndicate.web.preview.samples import PreviewOrder, PreviewSample, SampleComposer
from syndicate.web.preview.saved_files import SavedFiles
from syndicate.web.published.files import PublishedFiles
from syndicate.web.server.client_address import is_local
from syndicate.web.viewer import FRAMES, MAIL_SANDBOX, MailWeight, ViewOptions, framed_html

PAGE = "/preview"
_POLICY = (*FRAMES, *OWN_SCRIPTS)
SANDBOX = f"{MAIL_SANDBOX} allow-same-origin"
"""Without scripts in the frame; its page may see how far it is scrolled."""
_LOOK_EVERY = 0.25
"""Seconds between two looks at the files."""
_COMMENT_EVERY = 40
"""Looks after which a comment keeps proxies from closing the stream."""
_FRESH = {"cache-control": "no-store"}
_MEDIA = re.compile(r"media/[\w-]+(?:\.[\w-]+)+")


class LivePreview:
    """Composes one order again and again, from the configuration as it is on disk."""

    def __init__(
        self, order: PreviewOrder, store: Store, config: Config, read: Callable[[], Config]
    ) -> None:
        """`read` reads the configuration again; it raises ConfigError."""
        self._order = order
        self._store = store
        self._read = read
        self._lock = threading.Lock()
        self.config = config
        """The last one without mistakes."""
        self.sample: PreviewSample | None = None
        """What was composed last; None after a mistake."""

    def compose(self) -> PreviewSample:
        """Compose it as of now; raise SyndicateError with what has to be mended."""
        with self._lock:
            self.sample = None
            self.config = self._read()
            composer = SampleComposer(
                store=self._store,
                config=self.config,
                templates=Templates(self.config.templates),
                at=clock.now(),
            )
            self.sample = composer.compose(self._order)
            return self.sample


class PreviewApplication:
    """An ASGI application: the preview, and the files of the publication."""

    def __init__(self, live: LivePreview, saved: SavedFiles, stopping: Callable[[], bool]) -> None:
        self._live = live
        self._saved = saved
        self._stopping = stopping
        self._pages = WebPages(live.config)
        self._files = PublishedFiles(live.config, self._pages)
        self._dynamic = Starlette(
            routes=[
                Route(PAGE, self.show),
                Route(f"{PAGE}/body", self.body),
                Route(f"{PAGE}/changes", self.changes),
                Route(f"{PAGE}/preview.js", self.script),
            ],
            exception_handlers={404: lambda *_: self._pages.not_found()},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of this machine."""
        path = scope["path"]
        if not is_local(Request(scope)):
            await self._pages.not_found()(scope, receive, send)
        elif path == PAGE or path.startswith(f"{PAGE}/"):
            await self._dynamic(scope, receive, send)
        elif (data := await run_in_threadpool(self._unpublished, path[1:])) is not None:
            response = Response(data, headers=_FRESH, media_type=format_of(path).media_type)
            await response(scope, receive, send)
        else:
            await self._files(scope, receive, send)

    def show(self, request: Request) -> Response:
        """Compose, and show it in the viewer; or show the mistake."""
        values: dict[str, Any] = {
            "sandbox": SANDBOX,
            "version": self._saved.version,  # before composing: a save meanwhile is another one
            "options": ViewOptions.of(request.query_params, PAGE),
            "sample": None,
            "mistakes": (),
        }
        try:
            sample = self._live.compose()
        except SyndicateError as error:
            values["mistakes"] = error.lines
        else:
            values["sample"] = sample
            values["mail_weight"] = MailWeight.of(sample.html) if sample.is_mail else None
        return WebPages(self._live.config).render(
            "web/preview/preview.html", values, style="web/preview/preview.css", policy=_POLICY
        )

    def body(self, request: Request) -> Response:
        """Return the HTML for a frame; its pictures come from this server."""
        sample = self._live.sample
        if sample is None:
            raise HTTPException(404)
        here = str(request.base_url).rstrip("/")
        html = sample.html.replace(f'src="{self._live.config.url}/', f'src="{here}/')
        return framed_html(
            html, request, self._live.config, sandbox=SANDBOX, is_page=not sample.is_mail
        )

    async def changes(self, _: Request) -> Response:
        """Send the version now and after each save, as server-sent events."""
        return StreamingResponse(self._versions(), media_type="text/event-stream", headers=_FRESH)

    async def _versions(self) -> AsyncIterator[str]:
        sent, looks = "", 0
        while not self._stopping():
            if (version := await run_in_threadpool(lambda: self._saved.version)) != sent:
                sent = version
                yield f"data: {sent}\n\n"
            elif looks % _COMMENT_EVERY == 0:
                yield ":\n\n"
            looks += 1
            await asyncio.sleep(_LOOK_EVERY)

    def script(self, _: Request) -> Response:
        """Return the script that listens to them."""
        return Response(
            self._pages.render_part("web/preview/preview.js"),
            headers=_FRESH,
            media_type="text/javascript",
        )

    def _unpublished(self, path: str) -> bytes | None:
        """Return an asset, a logo or a picture, which no build may have published yet."""
        sample, config = self._live.sample, self._live.config
        if sample is not None and path in sample.assets:
            return sample.assets[path]
        if _MEDIA.fullmatch(path):
            return MediaFolder(config).read(path)
        for _, address, picture in addresses.logos(config):
            if address == f"/{path}" and config.path(picture).is_file():
                return config.path(picture).read_bytes()
        return None

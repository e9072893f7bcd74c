"""Headless Chromium for tests, and folders served to it."""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.requirements import require

_PLACES = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
"""Debian's, the one that never has a window first: it needs half of the processor's time."""
CHROMIUM = next((place for place in _PLACES if place.exists()), _PLACES[-1])
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # nothing leaves this machine
    "--js-flags=--no-maglev --no-turbofan",  # no page is open long enough for either to pay
)
_TIMEOUT = 180_000
"""Milliseconds that pages are waited for: on a machine with other work, a proof of work takes long."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser; skip the test if it isn't installed."""
    require(CHROMIUM.exists(), f"{CHROMIUM} is missing")
    expect.set_options(timeout=_TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        for name in ("new_context", "new_page"):
            setattr(browser, name, _patient(getattr(browser, name)))
        try:
            yield browser
        finally:
            browser.close()


def _patient(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let what a browser makes wait longer than Playwright's half a minute."""

    @functools.wraps(make)
    def made(**options: Any) -> Any:
        page_or_context = make(**options)
        page_or_context.set_default_timeout(_TIMEOUT)
        return page_or_context

    return made


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield its URL, without a slash at the end."""
    handler = functools.partial(_SilentHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing."""

"""Error pages of the endpoints behind links: they reveal nothing about readers."""

import math
from datetime import timedelta

from starlette.responses import Response

from syndicate.config import Config
from syndicate.web.pages import WebPages
from syndicate.web.ui_strings import WebStrings, web_strings


class ErrorPages:
    """The error pages of one publication."""

    def __init__(self, config: Config, pages: WebPages) -> None:
        self._config = config
        self._pages = pages

    def bad_link(self) -> Response:
        """Return the page for a link that we didn't sign, or whose reader is gone."""
        strings = self._strings()
        address = (self._config.mail.reply_to or self._config.mail.sender).address
        hint = strings.write_to.format(address=address)
        return self._pages.notice(strings.bad_link_title, strings.bad_link, hint).response(404)

    def bad_form(self, language: str | None = None, *, status: int = 400) -> Response:
        """Return the page for a form that isn't one of ours."""
        strings = self._strings(language)
        page = self._pages.notice(strings.refused_title, strings.refused, language=language)
        return page.response(status)

    def busy(self) -> Response:
        """Return the page for a store that can't be used."""
        strings = self._strings()
        return self._pages.notice(strings.busy_title, strings.busy).response(503)

    def _strings(self, language: str | None = None) -> WebStrings:
        return web_strings(language or self._config.publication.language)


def too_many_requests(response: Response, wait: timedelta) -> Response:
    """Turn a response into a 429 that says when to try again."""
    response.status_code = 429
    response.headers["retry-after"] = str(max(1, math.ceil(wait.total_seconds())))
    return response

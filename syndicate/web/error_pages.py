"""The answers that every page behind a link may have to give: kind ones, and always the same."""

import math
from datetime import timedelta

from starlette.responses import Response

from syndicate.config import Config
from syndicate.web.pages import WebPages
from syndicate.web.security_headers import answer
from syndicate.web.ui_strings import WebStrings, web_strings


class ErrorPages:
    """What is said when a page can't do what it is for."""

    def __init__(self, config: Config, pages: WebPages) -> None:
        self._config = config
        self._pages = pages

    def bad_link(self) -> Response:
        """Answer to a link that we did not sign, or whose reader is gone: it tells nothing."""
        words = self._words()
        address = (self._config.mail.reply_to or self._config.mail.sender).address
        help_ = words.write_to.format(address=address)
        page = self._pages.notice(words.bad_link_title, words.bad_link, help_)
        return answer(page, 404)

    def refused(self, language: str | None = None) -> Response:
        """Answer to a form that is none of ours."""
        words = self._words(language)
        page = self._pages.notice(words.refused_title, words.refused, language=language)
        return answer(page, 400)

    def busy(self) -> Response:
        """Answer while the store can't be used."""
        words = self._words()
        return answer(self._pages.notice(words.busy_title, words.busy), 503)

    def _words(self, language: str | None = None) -> WebStrings:
        return web_strings(language or self._config.publication.language)


def mask_email(email: str) -> str:
    """Write an address so that its owner knows it and a stranger can't use it."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def too_many_requests(response: Response, wait: timedelta) -> Response:
    """Tell an answer to somebody who asks too often when to try again."""
    response.status_code = 429
    response.headers["retry-after"] = str(max(1, math.ceil(wait.total_seconds())))
    return response

"""What HTTP says of each published file: the table of `docs/serving.md` as headers.

RFC 9110 and 9111; WebSub, section 4, for the links of feeds; RFC 8246 for `immutable`.
"""

from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import quote

from syndicate.config import Config
from syndicate.publish.output import formats
from syndicate.render import addresses
from syndicate.web.published.content_security_policy import build_policy
from syndicate.web.published.file_cache import CachedFile

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, IM, Link, Retry-After",
}
"""Readers in other people's browsers may read feeds."""
METHODS = "GET, HEAD, OPTIONS"
"""What may be done with what is published."""
PREFLIGHT = {
    "allow": METHODS,
    "cache-control": "no-store",
    **CORS,
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": "A-IM, If-Modified-Since, If-None-Match, Range",
    "access-control-max-age": "86400",
}
"""The answer to OPTIONS, by which such readers learn what they may send."""
_IN_ADDRESSES = "%:/@!$&'()*+,;=[]"
"""What stays as it is in an address, beside letters, digits and `-._~`."""
_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
"""What no page of a newspaper needs, its advertisements included."""


class ResponseHeaders:
    """The headers of one publication's files, but for those of a content-coding."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._policy = build_policy(config)

    def headers(self, file: CachedFile) -> dict[str, str]:
        """Return what is said of a file, whatever it is coded in."""
        said = {
            "cache-control": self._freshness(file),
            "x-content-type-options": "nosniff",
        }
        if file.format.text:
            said["vary"] = "Accept-Encoding"
        if file.modified is not None and file.status == HTTPStatus.OK:
            said["last-modified"] = format_datetime(file.modified, usegmt=True)
        if file.format.feed:
            said |= CORS
        if self.is_feed(file):
            said["link"] = ", ".join(self._links(file))
        if file.format.page:
            said |= self._page(file)
        return said

    def moved(self, address: str) -> dict[str, str]:
        """Return what is said of the way to what is at an address from the root, quoted."""
        said = {
            "location": quote(addresses.base(self._config), safe=_IN_ADDRESSES) + address,
            "cache-control": formats.MOVED,
            "x-content-type-options": "nosniff",
        }
        to_feed = formats.format_of(address.rpartition("/")[2]).feed
        return said | CORS if to_feed else said

    def is_feed(self, file: CachedFile) -> bool:
        """Tell whether a file is a document of a feed: all that readers poll but the list."""
        return file.format.feed and file.path != addresses.output_path(addresses.OPML)

    def _freshness(self, file: CachedFile) -> str:
        if file.status == HTTPStatus.GONE:
            return formats.ALWAYS_ASK
        settled = file.entry is not None and file.entry.settled
        return formats.freshness(file.path, self._config, settled=settled)

    def _links(self, file: CachedFile) -> list[str]:
        """Return one `self`, and the hubs of what changes."""
        own = self_link(f"{self._config.url}/{quote(file.path)}")
        hubs = self._config.hubs if formats.is_followed(file.path) else ()
        return [own, *(f'<{hub}>; rel="hub"' for hub in hubs)]

    def _page(self, file: CachedFile) -> dict[str, str]:
        """Return what browsers keep to; an AMP page is bound by AMP's own rules instead."""
        said = {
            "referrer-policy": "strict-origin-when-cross-origin",
            "permissions-policy": _PERMISSIONS,
        }
        if not file.path.endswith("/amp/index.html"):
            said["content-security-policy"] = self._policy
        return said


def self_link(url: str) -> str:
    """Return the link of a document to itself: its address as headers can hold it."""
    return f'<{quote(url, safe=_IN_ADDRESSES)}>; rel="self"'

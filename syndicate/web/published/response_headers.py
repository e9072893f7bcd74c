"""The response headers of each published file: the table of `docs/serving.md`.

RFC 9110 and 9111; WebSub, section 4, for the links of feeds; RFC 8246 for `immutable`;
https://www.w3.org/TR/CSP3/ for the policy of pages.
"""

from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import quote

from syndicate.config import Config
from syndicate.model.urls import http_url, url_origin
from syndicate.publish.output import formats
from syndicate.render import addresses
from syndicate.web.published.file_cache import CachedFile

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, IM, Link, Retry-After",
}
"""Feed readers in a browser, on other origins, may read feeds."""
VARY = "Accept-Encoding"
METHODS = "GET, HEAD, OPTIONS"
"""The methods that published files allow."""
PREFLIGHT = {
    "allow": METHODS,
    "cache-control": "no-store",
    **CORS,
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": "A-IM, If-Modified-Since, If-None-Match, Range",
    "access-control-max-age": "86400",
}
"""The response to OPTIONS, which lists what feed readers in a browser may send."""
_UNQUOTED = "%:/@!$&'()*+,;=[]"
"""Characters of a URL that are not quoted, beside letters, digits and `-._~`."""
_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "browsing-topics", "camera", "geolocation", "gyroscope"),
        *("magnetometer", "microphone", "midi", "payment", "usb"),
    )
)
"""Features that no page needs, its advertisements included."""


class ResponseHeaders:
    """The headers of a publication's files, except for those of a content coding."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._policy = build_policy(config)

    def for_file(self, file: CachedFile) -> dict[str, str]:
        """Return the headers of a file that are the same in all codings."""
        settled = file.entry is not None and file.entry.settled
        fresh = formats.cache_control(file.path, self._config, settled=settled)
        headers = {
            "cache-control": formats.REVALIDATE if file.status == HTTPStatus.GONE else fresh,
            "x-content-type-options": "nosniff",
        }
        if file.format.text:
            headers["vary"] = VARY
        if file.modified is not None and file.status == HTTPStatus.OK:
            headers["last-modified"] = format_datetime(file.modified, usegmt=True)
        if file.format.feed:
            headers |= CORS
        if self.is_feed(file):
            headers["link"] = self_link(f"{self._config.url}/{quote(file.path)}")
            hubs = self._config.hubs if formats.is_subscription_document(file.path) else ()
            headers["link"] += "".join(f', <{hub}>; rel="hub"' for hub in hubs)
        if file.format.page:
            headers["referrer-policy"] = "strict-origin-when-cross-origin"
            headers["permissions-policy"] = _PERMISSIONS
            if not file.path.endswith("/amp/index.html"):  # AMP's own rules apply there
                headers["content-security-policy"] = self._policy
        return headers

    def for_missing(self) -> dict[str, str]:
        """Return the headers of the 404 page.

        Without a referrer, since an address that leads nowhere may hold a private feed's token.
        """
        return {
            "content-type": "text/html; charset=utf-8",
            "cache-control": formats.REVALIDATE,
            "content-security-policy": self._policy,
            "permissions-policy": _PERMISSIONS,
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-robots-tag": "noindex",
        }

    def for_redirect(self, address: str) -> dict[str, str]:
        """Return the headers of a redirect to a path from the root, quoted."""
        headers = {
            "location": quote(addresses.base(self._config), safe=_UNQUOTED) + address,
            "cache-control": formats.MOVED,
            "x-content-type-options": "nosniff",
        }
        to_feed = formats.format_of(address.rpartition("/")[2]).feed
        return headers | CORS if to_feed else headers

    def is_feed(self, file: CachedFile) -> bool:
        """Return whether a file is a document of a feed; the OPML list is not."""
        return file.format.feed and file.path != addresses.output_path(addresses.OPML)


def self_link(url: str) -> str:
    """Return the Link header of a document to itself, with its URL quoted."""
    return f'<{quote(url, safe=_UNQUOTED)}>; rel="self"'


def build_policy(config: Config) -> str:
    """Return the Content-Security-Policy: scripts only from our files and `ads.csp_sources`.

    Pictures and recordings may come from anywhere, as articles embed them; frames come from
    `pages.embed_hosts`. The forms for sign-up and search may lead to another origin than the
    pages'. Inline styles are allowed only where ads are configured.
    """
    ads, hosts = config.ads, config.pages.embed_hosts
    sources = " ".join(("'self'", *ads.csp_sources))
    styles = f"{sources} 'unsafe-inline'" if ads.header.html or ads.post_top.html else "'self'"
    frames = ["https:"] if "*" in hosts else [f"https://{host}" for host in hosts]
    has_forms = config.signup.enabled or config.web.search
    forms = http_url(config.web_url) if has_forms else None
    directives = {
        "default-src": "'none'",
        "img-src": "'self' http: https:",
        "media-src": "'self' https:",
        "style-src": styles,
        "font-src": sources,
        "script-src": sources,
        "connect-src": sources,
        "frame-src": " ".join((*frames, *ads.csp_sources)) or "'none'",
        "form-action": f"{sources} {url_origin(forms)}" if forms else sources,
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())

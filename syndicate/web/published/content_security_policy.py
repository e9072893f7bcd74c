"""The Content-Security-Policy of published pages: our own files, and the sources of ads.

https://www.w3.org/TR/CSP3/
"""

from syndicate.config import Config
from syndicate.model.urls import http_url


def build_policy(config: Config) -> str:
    """Return the policy: scripts only from our own files and `ads.csp_sources`.

    Pictures and recordings may come from anywhere, as articles embed them; frames come from
    `pages.embed_hosts`. Inline styles are allowed only where ads are configured.
    """
    ads = config.ads
    sources = " ".join(("'self'", *ads.csp_sources))
    styles = f"{sources} 'unsafe-inline'" if ads.header.html or ads.post_top.html else "'self'"
    directives = {
        "default-src": "'none'",
        "img-src": "'self' http: https:",
        "media-src": "'self' https:",
        "style-src": styles,
        "font-src": sources,
        "script-src": sources,
        "connect-src": sources,
        "frame-src": " ".join((*_frame_sources(config), *ads.csp_sources)) or "'none'",
        "form-action": " ".join((sources, *_signup_sources(config))),
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _signup_sources(config: Config) -> list[str]:
    """Return the origin that the sign-up form posts to, which may differ from the pages'."""
    address = http_url(config.web_url) if config.signup.enabled else None
    return ["/".join(address.split("/")[:3])] if address else []


def _frame_sources(config: Config) -> list[str]:
    hosts = config.pages.embed_hosts
    return ["https:"] if "*" in hosts else [f"https://{host}" for host in hosts]

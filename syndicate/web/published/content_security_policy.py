"""The Content-Security-Policy of published pages: ours alone, and whom the ads are let in from.

https://www.w3.org/TR/CSP3/
"""

from syndicate.config import Config
from syndicate.model.urls import http_url


def build_policy(config: Config) -> str:
    """Return the policy: no script but our own files and those of `ads.csp_sources`.

    Pictures and recordings may be anybody's, as articles may show them from
    anywhere; frames are those of `pages.embed_hosts`. Where there are ads, they
    bring styles of their own.
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
        "frame-src": " ".join((*_hosts(config), *ads.csp_sources)) or "'none'",
        "form-action": " ".join((sources, *_signup(config))),
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _signup(config: Config) -> list[str]:
    """Return where the form for newsletters posts to, which may be another host than the pages'."""
    address = http_url(config.web_url) if config.signup.enabled else None
    return ["/".join(address.split("/")[:3])] if address else []


def _hosts(config: Config) -> list[str]:
    """Return whose frames may be shown, as sources of the policy."""
    hosts = config.pages.embed_hosts
    return ["https:"] if "*" in hosts else [f"https://{host}" for host in hosts]

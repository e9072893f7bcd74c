"""Whether a host or an address can only be this machine."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback_url(url: object) -> bool:
    """Whether a URL's host can only be this machine."""
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:  # the model reports it
        return False
    return host is not None and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    name = host.lower().rstrip(".")
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")

"""Rendering: value in, value out. No store, no clock, no network."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from syndicate.config import Config
from syndicate.render.templates import Templates

_LIBRARIES = ("babel", "jinja2", "lxml", "markupsafe")


def fingerprint(config: Config, templates: Templates) -> str:
    """Name the way things are rendered: when it stays, the same article gives the same bytes."""
    style = hashlib.sha256(_code())
    style.update(config.model_dump_json().encode())
    for name in templates.names():
        style.update(name.encode() + b"\0" + templates.find(name).read_bytes())
    return style.hexdigest()


@cache
def _code() -> bytes:
    """Return a digest of all our code and words, and of the versions of what renders them."""
    code = hashlib.sha256(" ".join(version(name) for name in _LIBRARIES).encode())
    package = Path(__file__).parents[1]
    for file in sorted([*package.rglob("*.py"), *package.rglob("*.mo")]):
        code.update(file.read_bytes())
    return code.digest()

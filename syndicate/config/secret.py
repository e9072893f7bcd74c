"""Secrets: read when mail is about to be sent, never kept in the configuration, never printed."""

import os
import re
from pathlib import Path

_ASSIGNED = re.compile(
    r"((?:pass|secret|token|credential|(?<![a-z])[a-z]*key)[\w-]*\s*=\s*).*", re.IGNORECASE
)
"""`?password=x` in a URL, `password=x` in a connection string, `secret = "x"` in a table."""
_PASSWORD = re.compile(r"(//|^[\"']?)([^/:\s@\"']*):(?!//).*(?:@|…)")
"""`//user:x@`, or `user:x@` at the beginning; up to the last `@`, since one in the password may be
unescaped, a `/` likewise.
"""
_WEB_LOGIN = re.compile(r"(https?:)//[^/\s]*@", re.IGNORECASE)
"""The web knows tokens that are a name without a password."""


def secret_from_env(variable: str) -> str:
    """Read a secret from an environment variable; raise ValueError when it isn't set."""
    secret = os.environ.get(variable)
    if not secret:
        raise ValueError(f"the environment variable {variable} is not set")
    return secret


def secret_from_file(path: Path) -> str:
    """Read a secret from a file, but for the line break at its end; raise ValueError without it."""
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8") from error
    if not secret:
        raise ValueError(f"{path} is empty")
    return secret


def mask_secrets(text: str) -> str:
    """Return a URL, or a value of the configuration, on one line and without passwords.

    It rather takes away too much: what it returns is printed and logged.
    """
    text = _ASSIGNED.sub(r"\1…", " ".join(text.split()))
    return _WEB_LOGIN.sub(r"\1//…@", _PASSWORD.sub(r"\1\2:…@", text))

"""Reading secrets from the environment and from files, and masking them in what is printed."""

import os
import re
from pathlib import Path

_ASSIGNED = re.compile(
    r"((?:pass|secret|token|credential|(?<![a-z])[a-z]*key)[\w-]*\s*=\s*).*", re.IGNORECASE
)
"""`?password=x` in a URL, `password=x` in a connection string, `secret = "x"` in a table."""
_PASSWORD = re.compile(r"(//|^[\"']?)([^/:\s@\"']*):(?!//).*(?:@|…)")
"""`//user:x@`, or `user:x@` at the beginning; up to the last `@`, since a password may have
an unescaped `@` or `/`.
"""
_WEB_LOGIN = re.compile(r"(https?:)//[^/\s]*@", re.IGNORECASE)
"""A web address may have a token as its user name, without a password."""


def secret_from_env(variable: str) -> str:
    """Read a secret from an environment variable; raise ValueError when it isn't set."""
    secret = os.environ.get(variable)
    if not secret:
        raise ValueError(f"the environment variable {variable} is not set")
    return secret


def secret_from_file(path: Path) -> str:
    """Read a secret from a file, without the line break at its end; raise ValueError if missing."""
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

    It prefers to mask too much: the result is printed and logged.
    """
    text = _ASSIGNED.sub(r"\1…", " ".join(text.split()))
    return _WEB_LOGIN.sub(r"\1//…@", _PASSWORD.sub(r"\1\2:…@", text))

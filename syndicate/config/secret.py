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


def read_secret(variable: str | None, file: Path | None, root: Path) -> str | None:
    """Read a secret from an environment variable, or else a file; None if neither is named.

    A relative path starts at `root`; a line break at the end of the file is left out. Raise
    ValueError when the secret can't be read.
    """
    if variable is not None:
        if secret := os.environ.get(variable):
            return secret
        raise ValueError(f"the environment variable {variable} is not set")
    if file is None:
        return None
    path = root / file
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

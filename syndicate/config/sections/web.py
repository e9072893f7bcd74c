"""`[web]`: the web server."""

from pathlib import Path

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.secret import read_secret
from syndicate.config.values import Line, Network, Table, Url, Variable
from syndicate.errors import SecretUnreadable

_SHORTEST_TOKEN = 16
"""In characters: a shorter one can be guessed by trying."""


class WebSettings(Table):
    """The web server."""

    url: Url = Field("", validate_default=False, examples=["https://letters.example.org"])
    """Where unsubscribe links lead. Default: the publication's url."""
    host: Line = Field("127.0.0.1", min_length=1)
    """The address to listen on."""
    port: StrictInt = Field(8000, ge=0, le=65535)
    """The port to listen on."""
    proxies: tuple[Network, ...] = Field((), examples=[["10.0.0.0/8"]])
    """Networks of proxies that are trusted to name the client."""
    poll_limit: StrictBool = True
    """Whether clients that poll a feed far too often get 429. Not behind a CDN."""
    poll_allowance: StrictInt = Field(40, ge=10)
    """How often a client may fetch a whole feed before the limit is one an hour."""
    monitors: tuple[Network, ...] = Field((), examples=[["10.0.0.0/8"]])
    """Networks that may read /metrics and /outbox. Default: this machine alone, and nobody where
    the publication's url is public.
    """
    monitor_token_env: Variable | None = Field(None, examples=["SYNDICATE_MONITOR_TOKEN"])
    """The environment variable with a token that gives access to them too."""
    monitor_token_file: Path | None = Field(None, examples=["monitor-token"])
    """The file with the token, instead."""
    search: StrictBool = True
    """Whether readers can search the stories, at `url` + `/search`."""
    access_log: Line = Field("", examples=["access.log"])
    """A file for the access log, relative to this one, or "-" for stderr."""

    def monitor_token(self, root: Path) -> str | None:
        """Read the token for /metrics and /outbox; None without one. Paths start at `root`.

        Raise SecretUnreadable when it is missing, or so short that it can be guessed.
        """
        try:
            token = read_secret(self.monitor_token_env, self.monitor_token_file, root)
        except ValueError as error:
            raise SecretUnreadable(str(error)) from error
        if token is not None and len(token) < _SHORTEST_TOKEN:
            raise SecretUnreadable(
                f"a token of {len(token)} characters can be guessed; expected {_SHORTEST_TOKEN} "
                "or more, such as `openssl rand -hex 24` prints"
            )
        return token

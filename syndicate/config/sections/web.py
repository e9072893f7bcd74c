"""`[web]`: the web server."""

from pathlib import Path

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.secret import secret_from_env, secret_from_file
from syndicate.config.values import Line, Network, Table, Url, Variable
from syndicate.errors import SecretUnreadable

_SHORTEST_TOKEN = 16
"""In characters: a shorter one can be guessed by trying."""


class WebSettings(Table):
    """The web server."""

    url: Url = Field(
        default="",
        validate_default=False,
        description="Where unsubscribe links lead. Default: the publication's url.",
        examples=["https://letters.example.org"],
    )
    host: Line = Field(default="127.0.0.1", min_length=1, description="The address to listen on.")
    port: StrictInt = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    proxies: tuple[Network, ...] = Field(
        default=(),
        description="Networks of proxies that are trusted to name the client.",
        examples=[["10.0.0.0/8"]],
    )
    poll_limit: StrictBool = Field(
        default=True,
        description="Whether clients that poll a feed far too often get 429. Not behind a CDN.",
    )
    poll_allowance: StrictInt = Field(
        default=40,
        ge=10,
        description="How often a client may fetch a whole feed before the limit is one an hour.",
    )
    monitors: tuple[Network, ...] = Field(
        default=(),
        description="Networks that may read /metrics and /outbox. Default: this machine alone, "
        "and nobody where the publication's url is public.",
        examples=[["10.0.0.0/8"]],
    )
    monitor_token_env: Variable | None = Field(
        default=None,
        description="The environment variable with a token that gives access to them too.",
        examples=["SYNDICATE_MONITOR_TOKEN"],
    )
    monitor_token_file: Path | None = Field(
        default=None, description="The file with the token, instead.", examples=["monitor-token"]
    )
    access_log: Line = Field(
        default="",
        description='A file for the access log, relative to this one, or "-" for stderr.',
        examples=["access.log"],
    )

    @property
    def has_monitor_token(self) -> bool:
        """Whether a token is named, readable or not."""
        return self.monitor_token_env is not None or self.monitor_token_file is not None

    def monitor_token(self, root: Path) -> str | None:
        """Read the token for /metrics and /outbox; None without one. Paths start at `root`.

        Raise SecretUnreadable when it is missing, or so short that it can be guessed.
        """
        try:
            if self.monitor_token_env is not None:
                token = secret_from_env(self.monitor_token_env)
            elif self.monitor_token_file is not None:
                token = secret_from_file(root / self.monitor_token_file)
            else:
                return None
        except ValueError as error:
            raise SecretUnreadable(str(error)) from error
        if len(token) < _SHORTEST_TOKEN:
            raise SecretUnreadable(
                f"a token of {len(token)} characters can be guessed; expected {_SHORTEST_TOKEN} "
                "or more, such as `openssl rand -hex 24` prints"
            )
        return token

"""What the web server is told."""

from pathlib import Path

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.values import Line, Network, Table, Url, Variable


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
        description="Networks of proxies that are believed when they name the client.",
        examples=[["10.0.0.0/8"]],
    )
    poll_limit: StrictBool = Field(
        default=True,
        description="Whether who polls a feed far too often is told to wait. Not behind a CDN.",
    )
    poll_allowance: StrictInt = Field(
        default=40,
        ge=10,
        description="How often a client may fetch a whole feed, before it is one an hour.",
    )
    monitors: tuple[Network, ...] = Field(
        default=(),
        description="Networks that may read /metrics and /outbox. Default: this machine alone, "
        "and nobody where the publication's url is public.",
        examples=[["10.0.0.0/8"]],
    )
    monitor_token_env: Variable | None = Field(
        default=None,
        description="The environment variable that holds a token: who sends it may read them too.",
        examples=["SYNDICATE_MONITOR_TOKEN"],
    )
    monitor_token_file: Path | None = Field(
        default=None,
        description="The file that holds the token, instead.",
        examples=["monitor-token"],
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

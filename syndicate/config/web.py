"""What the web server is told."""

from pydantic import Field, StrictBool, StrictInt

from syndicate.config.values import Line, Network, Table, Url


class Web(Table):
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
        description="Networks that may read /metrics. Default: this machine alone.",
        examples=[["10.0.0.0/8"]],
    )
    access_log: Line = Field(
        default="",
        description='A file for the access log, relative to this one, or "-" for stderr.',
        examples=["access.log"],
    )

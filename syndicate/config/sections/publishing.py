"""`[intake]`, `[store]`, `[publish]`, `[websub]` and `[indexnow]`: the way of articles.

Where they come from, are kept and are published, and who is notified of them.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool

from syndicate.config.values import DatabaseUrl, Network, StorageUrl, Table, Url, matching


class IntakeSettings(Table):
    """The folder that articles are imported from."""

    folder: Path = Path("articles")
    """The folder of the articles."""
    editions: Path = Path("editions")
    """The folder of what editors write about editions, such as 2026-12-01-briefing.md."""
    watch: StrictBool = True
    """Whether `run` imports what is saved in both."""


class StoreSettings(Table):
    """Where articles, subscribers and the ledger are kept."""

    url: DatabaseUrl = Field("sqlite:///syndicate.db", repr=False)
    """sqlite:///FILE, relative to this file, or postgresql://USER@HOST/NAME."""


class PublishSettings(Table):
    """How the output is written."""

    compress: StrictBool = True
    """Whether feeds, sitemaps and lists are also written as .gz and .br."""
    mirror: StorageUrl | None = Field(None, examples=["s3://morning-post/www"])
    """Storage that every build is copied to, for a CDN: an address of fsspec's."""
    mirror_options: dict[str, Any] = Field(
        default_factory=dict, examples=[{"endpoint_url": "https://s3.example.org"}]
    )
    """Further options for fsspec. Secrets come from the environment."""


IndexNowKey = Annotated[
    str,
    matching("[a-zA-Z0-9-]{8,128}", "8 to 128 letters, digits and -, as IndexNow's keys have them"),
]
Hubs = Annotated[tuple[Url, ...], AfterValidator(lambda hubs: tuple(dict.fromkeys(hubs)))]


class WebsubSettings(Table):
    """Hubs that send new articles to feed readers at once (WebSub)."""

    hubs: Hubs = Field((), examples=[["https://hub.example.org/"]])
    """Hubs that are notified of every changed feed, and named in the feeds."""
    own: StrictBool = False
    """Whether this server is a hub for its own feeds, at /hub of web.url."""
    private_callbacks: tuple[Network, ...] = Field((), examples=[["10.0.0.0/8"]])
    """Private networks where our own hub may call subscribers."""


class IndexNowSettings(Table):
    """Search engines that are notified at once of what is new (IndexNow)."""

    key: IndexNowKey | None = Field(None, examples=["5f1e2d3c4b5a69788796a5b4c3d2e1f0"])
    """The key of this site; it is published as /KEY.txt. Default: nobody is notified."""
    endpoint: Url = "https://api.indexnow.org/indexnow"
    """The search engine to notify; it passes the news on to the others."""

    @property
    def address(self) -> str | None:
        """The path of the published key; None without one."""
        return f"/{self.key}.txt" if self.key else None

"""`[intake]`, `[store]` and `[publish]`: where articles come from, are kept, and are published."""

from pathlib import Path
from typing import Any

from pydantic import Field, StrictBool

from syndicate.config.values import DatabaseUrl, StorageUrl, Table


class IntakeSettings(Table):
    """The folder that articles are imported from."""

    folder: Path = Path("articles")
    """The folder of the articles."""
    watch: StrictBool = True
    """Whether `run` imports what is saved there."""


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

"""`[publish]`: how the output is written."""

from typing import Any

from pydantic import Field, StrictBool

from syndicate.config.values import StorageUrl, Table


class PublishSettings(Table):
    """How the output is written."""

    compress: StrictBool = Field(
        default=True,
        description="Whether feeds, sitemaps and lists are also written as .gz and .br.",
    )
    mirror: StorageUrl | None = Field(
        default=None,
        description="Storage that every build is copied to, for a CDN: an address of fsspec's.",
        examples=["s3://morning-post/www"],
    )
    mirror_options: dict[str, Any] = Field(
        default_factory=dict,
        description="Further options for fsspec. Secrets come from the environment.",
        examples=[{"endpoint_url": "https://s3.example.org"}],
    )

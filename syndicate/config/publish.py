"""`[publish]`: how the output is written."""

from pydantic import Field, StrictBool

from syndicate.config.values import Table


class Publish(Table):
    """How the output is written."""

    compress: StrictBool = Field(
        default=True,
        description="Whether feeds, sitemaps and lists lie beside themselves as .gz and .br.",
    )

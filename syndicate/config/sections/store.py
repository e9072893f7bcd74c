"""`[store]`: the database."""

from pydantic import Field

from syndicate.config.values import DatabaseUrl, Table


class StoreSettings(Table):
    """Where articles, subscribers and the ledger are kept."""

    url: DatabaseUrl = Field(
        default="sqlite:///syndicate.db",
        repr=False,
        description="sqlite:///FILE, relative to this file, or postgresql://USER@HOST/NAME.",
    )

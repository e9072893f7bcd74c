"""The tables of delivery beside the ledger: who stopped an edition, and what came after."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from syndicate.store.schema import Instant, metadata

# what was decided about an edition, with how far it had got by then; only added to
edition_acts = Table(
    "edition_acts",
    metadata,
    Column("key", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("edition", Integer, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("act", String(16), nullable=False),
    Column("who", String(16), nullable=False),
    Column("how", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    sqlite_autoincrement=True,
)

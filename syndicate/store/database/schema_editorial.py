"""The tables of what editors write about editions, what became of it, and refused files."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Text

from syndicate.store.database.schema import Instant, columns, table

# the files of the editions folder, as they were last read
edition_files = table(
    "edition_files",
    Column("path", Text, primary_key=True),
    Column("version", String(64), nullable=False),
    Column("schedule", Text, nullable=False),
    *columns(Instant, "starts_at", "ends_at", nullable=True),
    Column("is_draft", Boolean, nullable=False),
    *columns(JSON, "brief", "mistakes"),
    Index(None, "schedule", "starts_at"),
)

# the versions of the files that an edition was made from
edition_sources = table(
    "edition_sources",
    Column("edition", ForeignKey("editions.key"), primary_key=True),
    Column("version", Text, nullable=False),
)

# the articles that an editor left out of an edition: its schedule never carries them
edition_omissions = table(
    "edition_omissions",
    Column("edition", ForeignKey("editions.key"), primary_key=True),
    Column("article", Integer, primary_key=True, autoincrement=False, index=True),
)

# the files of media/ that edition files show; only added to, since mail goes on loading them
edition_media = table("edition_media", Column("src", Text, primary_key=True))

# the files of articles that were refused when they were last read
refused_files = table(
    "refused_files",
    Column("path", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

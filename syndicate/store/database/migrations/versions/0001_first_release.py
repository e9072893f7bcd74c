"""The first release, to which nothing is migrated: a new store gets the tables of `schema`."""

revision = "0001"
down_revision = None

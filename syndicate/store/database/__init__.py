"""The two databases, SQLite and PostgreSQL: how they are opened, and what they contain.

`sql_engine` opens either of them, and inserts rows that are new; `sqlite_file` watches SQLite's
file; `locks` are the advisory locks of PostgreSQL; `error_mapping` turns the database's errors
into ours; `bulk_update` changes many rows at once.
`repository` is the base of what reads and writes tables.
`schema` is the tables, with `schema_delivery`.
`migrate` brings a store up to date, by the `migrations/` that it lacks.
`keys` keeps the publication's secrets, `attempt_limits` counts for rate limits.
"""

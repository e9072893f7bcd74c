"""The two databases, SQLite and PostgreSQL: how they are opened, and what they contain.

`sql_engine` opens either of them, watches SQLite's file, and turns the database's errors into
ours; `bulk_update` changes many rows at once.
`repository` is the base of what reads and writes tables, with the locks that it takes.
`schema` is the tables, with `schema_delivery`, `schema_editorial` and `schema_feedback`.
`migrate` brings a store up to date, by the `migrations/` that it lacks.
`attempt_limits` counts for rate limits.
"""

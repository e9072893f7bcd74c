"""The audience: subscribers and everything that is kept about them.

`subscribers` subscribes, changes and suppresses people, and keeps what letters ask to confirm.
`audit_log` records every change.
`search` filters and counts people, also by an expression that `segments` compiles.
`bulk_import` adds thousands at once, from the temporary tables of `import_staging`.
`merges` makes one person of two, and keeps the dropped number and address.
`newsletters` renames newsletters; `private_feeds` keeps the tokens of private feeds.
`data_export` collects what is kept on a person; `erasures` erases it, and what is too old.
"""

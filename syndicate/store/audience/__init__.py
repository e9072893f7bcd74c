"""The audience: subscribers and everything that is kept about them.

`subscribers` subscribes, changes and suppresses people.
`audit_log` records every change; `confirmations` keeps what a letter asks to confirm.
`search` filters and counts people, `segments` by an expression of the configuration.
`bulk_import` adds thousands at once, from the temporary tables of `import_staging`.
`merges` makes one person of two, and keeps the dropped number and address.
`newsletters` renames newsletters; `private_feeds` keeps the tokens of private feeds.
`data_export` collects what is kept on a person; `erasures` erases it, and what is too old.
"""

"""Syndicate: an article written once, published everywhere its readers are.

Imports go down this list and never up (a test). docs/architecture.md follows an article, a breaking
story and a reader through it.
`__main__` and `cli/` are the commands; `web/` serves files, readers' pages, archive and outbox;
`schedule/` turns slots into editions; `feedback/` reads what comes back; `deliver/` hands each
message over once, by the ledger; `publish/` writes feeds/, atomically and only what changed;
`render/` makes feeds, pages and mail out of values; `intake/` takes in articles and subscribers;
`store/` has the SQL; `body/` compiles a body once for all channels; `model/` has frozen values and
pure decisions; `config/` reads config.toml; `workers/` runs tasks on every core; `language`
translates; `private_file` protects personal data; `text` cleans text; `clock` reads the time;
`errors` is every way to fail.
"""

__version__ = "0.2.0.dev0"

"""Syndicate: an article filed once, published everywhere its readers are.

     intake ──► store ──► selection ──► render ──┬─► publish ──► feeds/ ──► readers
     files        │    which articles  feed      │
                  │    go where        page, AMP │
                  │                    edition   └─► deliver ──► SMTP relay, outbox
                  └── subscribers, editions, deliveries, fires
     schedule: the clock that asks for editions          web, cli: the two doors for people

A package per stage, a module per noun. Data goes one way, and so do imports:

    errors, clock, workers, language, private_file, config → model → typeset → store
        → intake | render → publish → deliver → schedule → web → cli

`workers`   the same work in as many processes as there are cores
`language`  the words of the publication in its readers' languages
`private_file`  files that their owner alone may read
`config`    config.toml as frozen models
`model`     what the store holds, as frozen values, and the pure decisions about it
`typeset`   cuts a body once for every channel
`store`     the only SQL
`intake`    how articles and subscribers come in
`render`    value in, value out: feeds, pages, AMP, editions
`publish`   writes feeds/, atomically and only what changed
`deliver`   hands each reader's message over once, and keeps the ledger
`schedule`  slots → fires → editions
`web`       published files over HTTP, the pages where readers decide, editions, the outbox
`cli`       the commands
"""

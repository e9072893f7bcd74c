"""Measurements: what a build costs beside other generators, and as the store grows.

python -m bench.building    side by side with Hugo, Eleventy and Pelican
python -m bench.growth      one article published with 1,000 and with 100,000 in the store
python -m bench.audience    a million readers come in from a file, and get an edition
python -m bench.serving     the files over HTTP, beside nginx and a bare ASGI callable
python -m bench.searching   a search, beside PostgreSQL's full text search and LIKE
python -m bench.pages       how soon pages are seen over a throttled 4G, and what they weigh
python -m bench.messages    a message encoded once, beside Jinja and EmailMessage per reader
python -m bench.signing     a message signed (DKIM), beside dkimpy
python -m bench.delivery    an edition handed over, beside smtp-source and other senders
python -m bench.million     … to a million readers: the freeze, the memory, each message
python -m bench.postfix     … through a real Postfix, which loses and repeats none
python -m bench.kill        senders killed again and again, and what came of each message
python -m bench.flushes     whether an intent is on the disk before its body leaves

`make bench-build` runs the first two, `make bench-audience` the third, `make bench-serving` the
next two, `make bench-pages` the sixth, `make bench-messages` the next two, `make bench-delivery`
the next three, `make bench-kill` the one after. All figures but those of bench-audience,
bench-pages and of the last two are to be read
as ratios inside one run: what is compared is measured in turn, on the same machine.
"""

"""Measurements: what a build costs beside other generators, and as the store grows.

python -m bench.building    side by side with Hugo, Eleventy and Pelican
python -m bench.growth      one article published with 1,000 and with 100,000 in the store
python -m bench.audience    a million readers come in from a file, and get an edition
python -m bench.serving     the files over HTTP, beside nginx and a bare ASGI callable
python -m bench.messages    a message encoded once, beside Jinja and EmailMessage per reader
python -m bench.signing     a message signed (DKIM), beside dkimpy

`make bench-build` runs the first two, `make bench-audience` the third, `make bench-serving`
the fourth, `make bench-messages` the last two. All figures but the third's are to be read as
ratios inside one run: what is compared is measured in turn, on the same machine.
"""

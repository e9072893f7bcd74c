"""Measurements: what a build costs beside other generators, and as the store grows.

python -m bench.building    side by side with Hugo, Eleventy and Pelican
python -m bench.growth      one article published with 1,000 and with 100,000 in the store
python -m bench.audience    a million readers come in from a file, and get an edition

`make bench-build` runs the first two, `make bench-audience` the third. The figures of the
first two are to be read as ratios inside one run: what is compared is measured in turn, a
pair at a time, on the same machine.
"""

"""Intake: articles from files and subscribers from CSV exports, into the store.

`articles/` imports article files and watches their folder; `markup/` makes their HTML safe
and valid, `media/` copies their pictures and recordings; `editions/` takes in what editors write
about editions; `authors/` reads what is known of the authors, `pages/` the own pages;
`subscribers/` imports CSV files.
"""

"""Liquid in the files of a Jekyll site: a few tags, without a template engine.

`liquid_reader` reads a text tag by tag: `expressions` evaluates variables, literals and
filters, `includes` renders pictures and players, `code_blocks` finds code, in which unknown
tags stay; elsewhere they are dropped and reported. `jekyll_site` finds other posts and reads the
site's configuration.
"""

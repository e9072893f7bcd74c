"""Liquid in the files of a Jekyll site: a few tags, without a template engine.

`liquid_reader` reads a text tag by tag: `expressions` evaluates variables, literals and
filters, `includes` renders pictures and players, `code_blocks` finds code, in which unknown
tags stay; elsewhere they are dropped and reported. `jekyll_site` finds other posts and reads the
site's configuration.
"""

from syndicate.intake.articles.jekyll.jekyll_site import JekyllSite, is_jekyll
from syndicate.intake.articles.jekyll.liquid_reader import LiquidResult, read_liquid

__all__ = ["JekyllSite", "LiquidResult", "is_jekyll", "read_liquid"]

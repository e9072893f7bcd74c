"""Liquid in a Jekyll site's files: a reader of a handful of tags, and no template engine.

    reader       a text, tag by tag
    code_blocks  `{% highlight %}`, and what is inside of code
    expressions  `{{ site.url }}`, literals, a few filters
    includes     `{% include figure.html src="…" %}`, players
    site         other posts by their file, and what `_config.yml` says

What isn't understood is left out and reported with its line; in blocks of code it
stays, since that is what such code is about.
"""

from syndicate.intake.articles.jekyll.liquid_reader import LiquidResult, read_liquid
from syndicate.intake.articles.jekyll.site import JekyllSite, is_jekyll

__all__ = ["JekyllSite", "LiquidResult", "is_jekyll", "read_liquid"]

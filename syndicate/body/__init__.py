"""Typesetting: a body is cut once, when it is filed, for every channel that shows it.

What comes of it is a galley (`model.galleys`). A build only joins its parts: no
HTML is parsed there. Pure, and a function of the article alone: where the
publication is served, and the words that we say, are marks in it.
"""

from syndicate.body.compiler import compile_body, is_current

__all__ = ["compile_body", "is_current"]

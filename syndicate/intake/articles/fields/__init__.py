"""The keys of front matter, each checked; those of Jekyll and Hugo are understood too.

`article_fields` reads all of them into a revision: `publishing` reads status and dates,
`people` authors and contributors, `attachments` lead picture, recording and comments,
`old_addresses` where the article was before; `front_matter_keys` is what they read from,
with the warnings; `misspelt_keys` finds the key that was meant.
"""

from syndicate.intake.articles.fields.article_fields import SLUG_KEYS, ArticleFields, read_fields

__all__ = ["SLUG_KEYS", "ArticleFields", "read_fields"]

"""The fields of an article in its front matter, with the keys of Jekyll and Hugo.

`article_fields` reads all of them: `publishing` status and dates, `attachments` lead picture,
recording and comments, `old_addresses` redirects; `front_matter_keys` checks values, collects
warnings, and suggests known keys for misspelt ones.
"""

from syndicate.intake.articles.fields.article_fields import SLUG_KEYS, ArticleFields, read_fields

__all__ = ["SLUG_KEYS", "ArticleFields", "read_fields"]

"""The fields of an article in its front matter, with the keys of Jekyll and Hugo.

`article_fields` reads all of them: `publishing` status and dates, `people` authors and
contributors, `attachments` lead picture, recording and comments, `old_addresses` redirects;
`front_matter_keys` checks values and collects warnings, `misspelt_keys` suggests known keys.
"""

from syndicate.intake.articles.fields.article_fields import SLUG_KEYS, ArticleFields, read_fields

__all__ = ["SLUG_KEYS", "ArticleFields", "read_fields"]

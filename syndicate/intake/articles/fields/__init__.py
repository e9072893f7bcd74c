"""The fields of an article in its front matter, with the keys of Jekyll and Hugo.

`article_fields` reads all of them: `publishing` status and dates, `attachments` lead picture,
recording and comments, `old_addresses` redirects; `front_matter_keys` checks values, collects
warnings, and suggests known keys for misspelt ones.
"""

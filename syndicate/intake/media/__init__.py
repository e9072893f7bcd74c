"""Pictures and recordings of articles, copied to the publication's media folder.

`article_media` finds, checks and saves them: `metadata` strips a picture's file, `image_codec`
decodes it and makes its smaller sizes.
"""

"""Pictures and recordings of articles, copied to the publication's media folder.

`pictures` imports a picture: `image_codec` decodes it, `metadata` strips its file
(`avif_metadata` that of AVIF), `picture_resizing` makes its smaller sizes; `recordings` imports
audio; `file_storage` finds the files beside the article and saves the copies.
"""

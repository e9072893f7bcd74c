"""Metadata of picture files, such as place, camera and owner: none of it is published.

`strip` detects the format, `jpeg`, `png`, `gif`, `webp` or `avif`, and removes the metadata
without encoding the pixels again; `orientation` is the only part of EXIF that is kept.
"""

from syndicate.intake.media.metadata.strip import strip_metadata

__all__ = ["strip_metadata"]

"""Metadata of picture files, such as place, camera and owner: none of it is published.

`strip` chooses the format: `jpeg`, `png`, `gif`, `webp` or `avif`; the pixels are not encoded
again. `orientation` is the one part of EXIF that is kept.
"""

from syndicate.intake.media.metadata.strip import strip_metadata

__all__ = ["strip_metadata"]

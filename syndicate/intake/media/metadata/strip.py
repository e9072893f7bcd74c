"""Strip the metadata of a picture's file: place, camera, author.

The rest of the file is unchanged: pixels are not encoded again. The colour profile and
the orientation stay, which browsers need.
"""

import re

from syndicate.intake.media.metadata import avif, gif, jpeg, png, webp

_FORMATS = (
    (re.compile(rb"\xff\xd8\xff"), jpeg.strip),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), png.strip),
    (re.compile(rb"GIF8[79]a"), gif.strip),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), webp.strip),
)


def strip_metadata(data: bytes) -> bytes:
    """Return a picture's bytes without metadata; raise ValueError if its file is damaged."""
    for signature, strip in _FORMATS:
        if signature.match(data):
            return strip(data)
    if avif.is_avif(data):
        return avif.strip(data)
    raise ValueError("not a GIF, PNG, JPEG, WebP or AVIF picture")

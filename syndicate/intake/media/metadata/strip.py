"""What a picture's file says besides the picture: where it was taken, by which camera, by whom.

None of it is published. A file is kept as it is but for those parts: pixels
aren't coded again. What a browser needs stays: the colour profile, and how the
picture has to be turned.
"""

from typing import Protocol

from syndicate.intake.media.metadata import avif, gif, jpeg, png, webp


class MetadataFormat(Protocol):
    """What each format's module offers."""

    def accepts(self, data: bytes) -> bool:
        """Whether the data begin as this format does."""

    def strip(self, data: bytes) -> bytes:
        """Return the data without metadata; raise ValueError where they are damaged."""


_FORMATS: tuple[MetadataFormat, ...] = (jpeg, png, gif, webp, avif)


def strip_metadata(data: bytes) -> bytes:
    """Return a picture's bytes without metadata; what has none comes back as it is.

    Raise ValueError for what isn't made as its format demands.
    """
    for each in _FORMATS:
        if each.accepts(data):
            return each.strip(data)
    raise ValueError("no GIF, PNG, JPEG, WebP or AVIF picture")

"""Own pages: what a publication says about itself, such as About, Imprint and Privacy."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from syndicate.model.articles import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage:
    """A page that an editor wrote as a file of `pages/`."""

    file: str
    """The file, relative to the publication."""
    title: str
    slug: str
    """Its address is this alone: `/about/`."""
    description: str = ""
    """One sentence for search engines; empty where the file has none."""
    footer: bool = False
    """Whether the foot of every page links to it."""
    body: str = ""
    """Sanitised, well-formed HTML, as `Revision.body` is."""
    figures: tuple[Figure, ...] = ()
    """The pictures of the body."""

    @property
    def address(self) -> str:
        """Its address from the root."""
        return f"/{self.slug}/"

    def to_json(self) -> str:
        """Write it as JSON, the same for the same values."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, written: str) -> Self:
        """Read what `to_json` wrote."""
        values = json.loads(written)
        figures = (
            Figure(**figure | {"variants": tuple(figure["variants"])})
            for figure in values["figures"]
        )
        return cls(**values | {"figures": tuple(figures)})

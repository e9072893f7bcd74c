"""Own pages: what a publication says about itself, such as About, Imprint and Privacy."""

from dataclasses import dataclass

from syndicate.model.articles import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage:
    """A page that an editor wrote as a file of `pages/`."""

    title: str
    slug: str
    """The only part of its address: `/about/`."""
    description: str = ""
    """For search engines and links to it; empty where the file has none."""
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

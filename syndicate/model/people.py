"""The people who write: what a publication's `authors/NAME.md` say about them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Self

from syndicate.model.articles import Figure
from syndicate.text import name_slug


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorProfile:
    """What is known of an author beside the name."""

    file: str
    """The file, relative to the publication."""
    name: str
    stem: str
    """The file's name without suffix, by which an author is found whose name is spelt otherwise."""
    role: str = ""
    portrait: Figure | None = None
    """A local picture, shown as one of the squares of `pictures.portraits`."""
    mail: str | None = None
    networks: tuple[str, ...] = ()
    """Addresses of the author's pages elsewhere, http or https."""
    text: str = ""
    """Sanitised HTML without pictures; empty if there is none."""
    summary: str = ""
    """The beginning of the text, plain, on one line."""
    listed: bool = True
    """Whether the page of all authors has them."""

    def to_json(self) -> str:
        """Write it as JSON, the same for the same values."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, written: str) -> Self:
        """Read what `to_json` wrote."""
        values = json.loads(written)
        if portrait := values["portrait"]:
            values["portrait"] = Figure(**portrait | {"variants": tuple(portrait["variants"])})
        return cls(**values | {"networks": tuple(values["networks"])})


@dataclass(frozen=True)
class People:
    """The authors of a publication that have a file."""

    profiles: tuple[AuthorProfile, ...] = ()

    def find(self, name: str) -> AuthorProfile | None:
        """Find an author by name as in an article's byline, or else by the name of the file.

        Names that share the address of an author's page are the same person.
        """
        return self.by_slug.get(name_slug(name)) if self.profiles else None

    @cached_property
    def by_slug(self) -> Mapping[str, AuthorProfile]:
        """The authors by the last part of their pages' addresses; a name precedes a file's name."""
        by_stem = {name_slug(profile.stem): profile for profile in reversed(self.profiles)}
        return by_stem | {name_slug(profile.name): profile for profile in reversed(self.profiles)}

    @cached_property
    def listed(self) -> tuple[AuthorProfile, ...]:
        """Those on the page of all authors, by name; without any there is no such page."""
        shown = (profile for profile in self.profiles if profile.listed)
        return tuple(sorted(shown, key=lambda profile: (profile.name.casefold(), profile.file)))

    def __iter__(self) -> Iterator[AuthorProfile]:
        return iter(self.profiles)


NOBODY = People()
"""For a publication without files about its authors."""

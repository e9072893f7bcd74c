"""Authors with a file of their own: their portraits, pages elsewhere and texts."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from markupsafe import Markup

from syndicate.body.compiler import compile_body
from syndicate.config import Config
from syndicate.config.sections.navigation import network
from syndicate.model import pictures
from syndicate.model.articles import CompiledBody, Figure, Person, Revision
from syndicate.model.people import AuthorProfile, People
from syndicate.render import addresses

_LARGE = 512
"""Pixels of the portrait for feed readers and search engines."""
_IMG = Markup('<img class="face" src="{0}" alt="{2}" width="{1}" height="{1}">')
_LAZY_IMG = Markup('<img class="face" src="{0}" alt="{2}" width="{1}" height="{1}" loading="lazy">')
_AMP_IMG = Markup('<amp-img class="face" src="{0}" alt="{2}" width="{1}" height="{1}"></amp-img>')

Link = Callable[[str], str]
"""Turns an address from the root into the channel's own."""


def face(
    portrait: Figure, side: int, alt: str = "", *, link: Link, amp: bool = False, lazy: bool = False
) -> Markup:
    """Return a portrait, `side` CSS pixels wide; beside its name it needs no `alt`.

    One that is `lazy` is loaded when it is about to be seen; on AMP pages each is.
    """
    square = pictures.portrait(portrait, side)
    image = _AMP_IMG if amp else _LAZY_IMG if lazy else _IMG
    return image.format(link(f"/{square.src}"), side, alt)


def portrait_address(profile: AuthorProfile, config: Config) -> str | None:
    """Return the absolute address of an author's portrait, as large as it is; None without one."""
    if profile.portrait is None:
        return None
    square = pictures.portrait(profile.portrait, _LARGE)
    return addresses.absolute(f"/{square.src}", config)


def profiles_of(authors: Sequence[Person], people: People) -> list[tuple[Person, AuthorProfile]]:
    """Return the authors that have a file, each once."""
    found: dict[str, tuple[Person, AuthorProfile]] = {}
    for person in authors:
        if (profile := people.find(person.name)) is not None:
            found.setdefault(profile.file, (person, profile))
    return list(found.values())


@lru_cache(maxsize=256)
def compile_text(profile: AuthorProfile) -> CompiledBody:
    """Compile what an author's file says, for web pages."""
    return compile_body(Revision(title=profile.name, body=profile.text), slug=profile.stem)


def links(profile: AuthorProfile | None, person: Person | None) -> list[tuple[str, str]]:
    """Return name and address of an author's pages elsewhere: the site, then the networks."""
    site = person.url if person is not None and addresses.is_web(person.url) else None
    found = {site: site.partition("://")[2].rstrip("/")} if site else {}
    for address in profile.networks if profile is not None else ():
        found.setdefault(address, network(address))
    return [(name, address) for address, name in found.items()]

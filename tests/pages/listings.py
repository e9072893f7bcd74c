"""A listing page of any selection, set by its template alone."""

from typing import Any

from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.pages import Pages
from tests.pages import newsroom

ADA = Person(name="Ada Lind", place="Kiel", url="https://ada.example/")


def listing(pages: Pages, *, kind: str = "tag", name: str = "river", **values: Any) -> bytes:
    home = {"tag": addresses.tag, "author": addresses.author}.get(kind, addresses.section)(name)
    given = {
        "selection": {"kind": kind, "name": name, "home": home, "title": name},
        "stories": newsroom.edition(),
        "canonical": f"https://post.example{home}",
        "number": 1,
        "newer": None,
        "older": None,
        "newest": True,
        "own_feeds": addresses.feeds(home),
        "feed_title": name,
        "when": lambda _: "at noon",
        "summary_line": lambda article: article.excerpt,
    }
    return pages._page("section", **(given | values))

"""Front matter of one article, read."""

from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest

from syndicate.errors import Refused
from syndicate.intake.articles.article_fields import ArticleFields, read_fields
from syndicate.intake.articles.front_matter import split_front_matter

BERLIN = ZoneInfo("Europe/Berlin")


def fields(head: str, name: str = "tram.md") -> ArticleFields:
    front = split_front_matter(f"---\ntitle: Tram\n{head}\n---\nbody".encode(), "a.md")
    return read_fields(front, PurePath(name), BERLIN)


def refusal(head: str | bytes) -> str:
    data = head if isinstance(head, bytes) else f"---\n{head}\n---\n".encode()
    with pytest.raises(Refused) as caught:
        read_fields(split_front_matter(data, "a.md"), PurePath("a.md"), BERLIN)
    return str(caught.value)

"""Whatever happened before: the output is what a first build of the same store would make."""

import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.model.articles import MEDIA, Person, Status
from syndicate.publish.build import build, site_files, tasks
from syndicate.publish.build.publisher import Publisher
from syndicate.publish.records.manifest import Manifest
from syndicate.store import Store
from tests.publish.newsroom import PICTURE, Newsroom
from tests.render.feeds.samples import NOON

BIT = {"name": "bit", "title": "A bit of it", "formats": ["atom"], "items": 1}
TABLES = {
    "publication": {"url": "https://news.example"},
    "syndication": {"items": 2},
    "feeds": [
        BIT | {"select": {"sections": ["City"]}},
        {"name": "red", "select": {"tags": ["Red"]}, "items": 3, "full_text": False},
    ],
}
SLUGS = ("a", "b", "c", "d", "e", "f", "g", "h")
OTHER = replace(PICTURE, src=f"{MEDIA}ffeeddccbbaa99887766554433221100.png")

moments = st.integers(-30, 6).map(lambda days: NOON + timedelta(days=days))
values = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["One", "Two"]),
        "section": st.sampled_from([None, "City", "city", "Port"]),
        "tags": st.sampled_from([(), ("Red",), ("red", "Blue")]),
        "authors": st.sampled_from(
            [(), (Person(name="Ann"),), (Person(name="ann"), Person(name="Bo"))]
        ),
        "image": st.sampled_from([None, None, PICTURE, OTHER]),
        "breaking": st.booleans(),
        "status": st.sampled_from([Status.PUBLISHED] * 6 + [Status.DRAFT, Status.RETRACTED]),
        "date": moments,
        "canonical_url": st.sampled_from([None] * 4 + ["https://elsewhere.example/"]),
    }
)
slugs = st.sampled_from(SLUGS)
steps = st.one_of(
    st.tuples(st.just("file"), slugs, values),
    st.tuples(st.just("file"), slugs, values),
    st.tuples(st.just("rename"), slugs, values),
    st.tuples(st.just("retract"), slugs),
    st.tuples(st.just("restore"), slugs),
    st.tuples(st.just("build"), st.sampled_from(["same", "other", "all", "killed"])),
)


class History:
    """A publication to which this and that happens, minute by minute."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.now = NOON
        self.filed: set[str] = set()
        self.publisher = Publisher(newsroom.store, newsroom.config)
        newsroom.keep_picture()
        (newsroom.config.root / OTHER.src).write_bytes(b"another")

    def happen(self, step: tuple[object, ...]) -> None:
        verb, *details = step
        self.now += timedelta(hours=7)
        getattr(self, f"_{verb}")(*details)

    def _file(self, slug: str, given: dict[str, Any]) -> None:
        self.filed.add(slug)
        self.newsroom.file(slug, at=self.now, **given)

    def _rename(self, slug: str, given: dict[str, Any]) -> None:
        if slug in self.filed:
            self.newsroom.file(slug, at=self.now, renamed=f"{slug}-{self.now:%d%H}", **given)

    def _retract(self, slug: str) -> None:
        if slug in self.filed:
            self.newsroom.retract(slug, at=self.now)

    def _restore(self, slug: str) -> None:
        if slug in self.filed:
            self.newsroom.restore(slug)

    def _build(self, how: str) -> None:
        """Build with the publisher that did it before, with another one, or not to the end."""
        if how == "same":
            built = self.publisher.publish(self.now, number=True)
        elif how == "killed":
            with killed(after=1 + self.now.day):
                built = None
                with pytest.raises(KilledError):
                    Publisher(self.newsroom.store, self.newsroom.config).publish(
                        self.now, number=True
                    )
        else:
            built = self.newsroom.build(at=self.now, everything=how == "all")
        assert built is None or not built.failed, built.failed


class KilledError(BaseException):
    """The end of a process, as far as files can tell."""


@contextmanager
def killed(*, after: int):
    """End a build when it has written or deleted so many files, or before it says it is done."""
    left = after

    def die() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise KilledError

    def replacing(half: str, place: str) -> None:
        die()
        move(half, place)

    def unlinking(place: Path, *, missing_ok: bool = False) -> None:
        if not place.name.startswith("."):
            die()
        unlink(place, missing_ok=missing_ok)

    move, unlink = os.replace, Path.unlink
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(os, "replace", replacing))
        stack.enter_context(mock.patch.object(Path, "unlink", unlinking))
        ending = mock.patch.object(Manifest, "finish", side_effect=KilledError)
        stack.enter_context(ending)
        yield


@contextmanager
def small_parts():
    """Lists of two a page and sitemaps of two articles: a few articles fill several."""
    with (
        mock.patch.object(tasks, "PAGE_SIZE", 2),
        mock.patch.object(site_files, "CHUNK", 2),
        mock.patch.object(build, "CHUNK", 2),
    ):
        yield


@given(happened=st.lists(steps, min_size=4, max_size=40))
@settings(
    print_blob=False,
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_output_is_that_of_a_first_build_whatever_happened_before(publication, happened):
    with tempfile.TemporaryDirectory() as folder, small_parts():
        compare(f"sqlite:///{folder}/syndicate.db", publication(**TABLES), Path(folder), happened)


def test_the_same_holds_on_every_database(store_url, publication, tmp_path):
    red = {"title": "One", "section": "City", "tags": ("Red",)}
    happened: list[tuple[Any, ...]] = [
        ("file", slug, red | {"date": NOON - timedelta(days=ord(slug))}) for slug in SLUGS
    ]
    happened.insert(3, ("build", "killed"))
    happened += [("build", "same"), ("retract", "c"), ("file", "d", {"title": "Two"})]
    happened += [("rename", "e", red), ("build", "other"), ("restore", "c")]
    with small_parts():
        compare(store_url, publication(**TABLES), tmp_path, happened)


def differences(made, expected):
    """What stands otherwise, by path: what is there, and what should be."""
    paths = sorted({*made, *expected})
    return {p: (made.get(p), expected.get(p)) for p in paths if made.get(p) != expected.get(p)}


def compare(url, config, folder, happened):
    (folder / "here").mkdir()
    store = Store.open(url)
    try:
        newsroom = Newsroom(store, config.override(root=folder / "here"))
        history = History(newsroom)
        for step in happened:
            history.happen(step)
        history.happen(("build", "same"))
        fresh = newsroom.elsewhere(folder / "fresh")
        fresh.build(at=history.now)
        assert differences(newsroom.everything(), fresh.everything()) == {}
        assert differences(newsroom.manifest(), fresh.manifest()) == {}
    finally:
        store.close()

"""One factory of articles for the tests of feeds and publishing; name only what matters."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from typing import Any

from syndicate.config import Config
from syndicate.model.articles import Article, Figure
from syndicate.render import addresses, topics
from syndicate.render.feeds.channel import FeedChannel, build_channel
from syndicate.render.feeds.entries import ChannelEntry, EntryFragments

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)

TRAM = Figure(
    src="media/0123456789abcdef0123456789abcdef.jpg",
    alt="A tram at the quay",
    caption="The first tram of the morning",
    credit="Ann Example",
    width=1200,
    height=800,
    type="image/jpeg",
    length=123_456,
)

BODY = (
    '<p>It <a href="../other/">runs</a> again, from <a href="#quay">the quay</a>.</p>'
    f'<figure><img src="{TRAM.src}" alt="A tram at the quay" width="1200" height="800"/>'
    "<figcaption>The first tram of the morning <cite>Ann Example</cite></figcaption></figure>"
)


def an_article(**values: Any) -> Article:
    """Make an article that is public, with the values that a test is about."""
    given: dict[str, Any] = {
        "key": 1,
        "id": "urn:uuid:5a2f1c1e-4a63-5d3e-8a05-9f0f6a3a7b11",
        "slug": "harbour-tram",
        "title": "The harbour tram runs again",
        "body": BODY,
        "excerpt": "It runs again, from the quay.",
        "figures": (TRAM,),
        "first_seen": NOON,
        "saved_at": NOON,
    }
    return Article(**given | values)


def a_channel(
    config: Config, entries: Sequence[ChannelEntry], *, section: str | None = None
) -> FeedChannel:
    """Describe the feed of everything, or of a section, that holds these entries."""
    topic = topics.everything()
    if section:
        home = addresses.section(section)
        topic = topics.Topic(kind=topics.TopicKind.SECTION, name=section, home=home)
    shown = [EntryFragments({}, e.modified, e.audio is not None, None) for e in entries]
    return build_channel(config, topic, shown, archive=None)


TYPES: dict[str, type] = {"object": dict, "array": list, "string": str}


def conform(value, schema, root):
    """Check names, types and required keys; what refers to another file is passed over."""
    reference = schema.get("$ref", "")
    if reference.startswith("#/"):
        schema = reduce(getitem, reference.removeprefix("#/").split("/"), root)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    assert not kinds or isinstance(value, tuple(TYPES.get(kind, object) for kind in kinds))
    properties = schema.get("properties", {})
    if isinstance(value, dict) and properties:
        assert set(schema.get("required", [])) <= set(value)
        for name, inner in value.items():
            assert name in properties or name.startswith("_"), name
            conform(inner, properties.get(name, {}), root)
    for inner in value if isinstance(value, list) else []:
        conform(inner, schema.get("items", {}), root)

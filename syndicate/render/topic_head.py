"""What stands over the list of a topic: of a section what it is about, of an author who that is."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from syndicate.config import Config
from syndicate.model.articles import Person
from syndicate.model.people import AuthorProfile, People
from syndicate.render import addresses, authors, topics
from syndicate.render.article_view import BodyRenderer
from syndicate.render.structured_data import profile_page
from syndicate.render.topics import Topic, TopicKind
from syndicate.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicHead:
    """The head of a topic's list, besides its name and feeds."""

    summary: str = ""
    """One or two plain sentences, for search engines too."""
    by_mail: str | None = None
    """The address of the sign-up form, with the section's newsletter ticked."""
    person: Person | None = None
    """The author, as in the newest article."""
    profile: AuthorProfile | None = None
    text: Markup | None = None
    """What the author's file says."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """Names and addresses of the author's pages elsewhere."""
    portrait: str | None = None
    """The absolute address of the portrait, for previews of links."""
    data: Markup | None = None
    """An author's page in JSON-LD."""


def topic_head(
    topic: Topic, person: Person | None, config: Config, people: People, bodies: BodyRenderer
) -> TopicHead:
    """Return the head of a topic's list; `person` is the author whose page it is."""
    if topic.kind is TopicKind.SECTION:
        return _section(topic, config)
    if topic.kind is not TopicKind.AUTHOR:
        return TopicHead()
    person = person or Person(name=topic.name)
    return _author(person, people.find(topic.name), config, bodies)


def _section(topic: Topic, config: Config) -> TopicHead:
    section = topics.configured_section(topic.name, config)
    if section is None:
        return TopicHead()
    is_offered = section.newsletter in {newsletter.name for newsletter in config.offered}
    return TopicHead(
        summary=one_line(section.description),
        by_mail=addresses.signup(config, section.newsletter) if is_offered else None,
    )


def _author(
    person: Person, profile: AuthorProfile | None, config: Config, bodies: BodyRenderer
) -> TopicHead:
    known: dict[str, Any] = {}
    if profile is not None:
        known = {
            "summary": ". ".join(filter(None, (profile.role, profile.summary))),
            "text": bodies.join(authors.compile_text(profile).body) if profile.text else None,
            "portrait": authors.portrait_address(profile, config),
            "data": profile_page(person, profile, config),
        }
    elsewhere = tuple(authors.links(profile, person))
    return TopicHead(person=person, profile=profile, elsewhere=elsewhere, **known)

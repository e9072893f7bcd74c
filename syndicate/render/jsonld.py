"""What search engines are told of an article: schema.org's NewsArticle as JSON-LD."""

import json
from typing import Any

from syndicate.config import Config
from syndicate.model import pictures
from syndicate.model.articles import Article, Person
from syndicate.render import addresses

_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
"""What could end or bend the script element around it: `</script`, `<!--`."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def news_article(subject: Article, config: Config) -> str:
    """Describe an article; the text is safe inside a script element."""
    page = addresses.absolute(addresses.page(subject), config)
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": page,
        "url": page,
        "headline": subject.title,
        "description": subject.excerpt or None,
        "image": _image(subject, config),
        "datePublished": subject.published.isoformat(timespec="seconds"),
        "dateModified": subject.modified.isoformat(timespec="seconds"),
        "author": [_person(person) for person in subject.authors] or [_house(config)],
        "contributor": [_person(person) for person in subject.contributors],
        "publisher": _publisher(config),
        "articleSection": subject.section,
        "keywords": list(subject.tags),
        "inLanguage": subject.language or config.publication.language,
        "commentCount": subject.comments.count if subject.comments else None,
        "discussionUrl": subject.comments.url if subject.comments else None,
    }
    return _written({name: value for name, value in said.items() if value not in (None, [])})


def _written(said: dict[str, Any]) -> str:
    text = _ENCODER.encode(said)
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text


def _image(subject: Article, config: Config) -> list[dict[str, Any]]:
    """Describe the lead picture: its crops, as search engines ask for them, and itself."""
    lead = subject.lead
    if lead is None or not lead.src:
        return []
    told = {"caption": lead.caption, "creditText": lead.credit}
    words = {name: value for name, value in told.items() if value}
    said: dict[str, Any] = {"@type": "ImageObject", "url": addresses.figure(lead, config)}
    if lead.width and lead.height:
        said |= {"width": lead.width, "height": lead.height}
    crops = [
        {
            "@type": "ImageObject",
            "url": addresses.absolute(f"/{crop.src}", config),
            "width": crop.width,
            "height": crop.height,
        }
        for crop in pictures.crops(lead)
    ]
    return [each | words for each in (*crops, said)]


def _person(person: Person) -> dict[str, str]:
    said = {"@type": "Person", "name": person.name}
    return said | ({"url": person.url} if person.url else {})


def _house(config: Config) -> dict[str, str]:
    publication = config.publication
    return {
        "@type": "Organization",
        "name": publication.author or publication.title,
        "url": f"{config.url}/",
    }


def _publisher(config: Config) -> dict[str, Any]:
    said = {
        "@type": "NewsMediaOrganization",
        "name": config.publication.title,
        "url": f"{config.url}/",
    }
    logo = addresses.logo(config)
    return said | ({"logo": {"@type": "ImageObject", "url": logo}} if logo else {})

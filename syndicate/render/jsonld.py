"""Structured data for search engines: an article as schema.org's NewsArticle in JSON-LD."""

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
"""Characters that could end the script element around it: `</script`, `<!--`."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def news_article(article: Article, config: Config) -> str:
    """Return an article's JSON-LD, safe inside a script element."""
    page, publication = addresses.absolute(article.address, config), config.publication
    publisher = {
        "@type": "NewsMediaOrganization",
        "name": publication.title,
        "url": f"{config.url}/",
        "logo": {"@type": "ImageObject", "url": logo} if (logo := addresses.logo(config)) else None,
    }
    organization = {
        "@type": "Organization",
        "name": publication.author or publication.title,
        "url": f"{config.url}/",
    }
    properties: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": page,
        "url": page,
        "headline": article.title,
        "description": article.excerpt or None,
        "image": _image(article, config),
        "datePublished": article.published.isoformat(timespec="seconds"),
        "dateModified": article.modified.isoformat(timespec="seconds"),
        "author": [_person(person) for person in article.authors] or [organization],
        "contributor": [_person(person) for person in article.contributors],
        "publisher": {name: value for name, value in publisher.items() if value},
        "articleSection": article.section,
        "keywords": list(article.tags),
        "inLanguage": article.language or config.publication.language,
        "commentCount": article.comments.count if article.comments else None,
        "discussionUrl": article.comments.url if article.comments else None,
    }
    known = {name: value for name, value in properties.items() if value not in (None, [])}
    text = _ENCODER.encode(known)
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text


def _image(article: Article, config: Config) -> list[dict[str, Any]]:
    """Return the crops of the lead picture that search engines require, and itself."""
    lead = article.lead
    if lead is None or not lead.src:
        return []
    texts = {"caption": lead.caption, "creditText": lead.credit}
    texts = {name: text for name, text in texts.items() if text}
    whole: dict[str, Any] = {"@type": "ImageObject", "url": addresses.figure(lead, config)}
    if lead.width and lead.height:
        whole |= {"width": lead.width, "height": lead.height}
    crops = [
        {
            "@type": "ImageObject",
            "url": addresses.absolute(f"/{crop.src}", config),
            "width": crop.width,
            "height": crop.height,
        }
        for crop in pictures.crops(lead)
    ]
    return [image | texts for image in (*crops, whole)]


def _person(person: Person) -> dict[str, str]:
    properties = {"@type": "Person", "name": person.name}
    return properties | ({"url": person.url} if person.url else {})

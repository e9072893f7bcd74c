"""Structured data: what pages say of themselves to search engines, as schema.org's JSON-LD.

https://schema.org/NewsArticle and its neighbours.
"""

import json
from typing import Any

from markupsafe import Markup

from syndicate.config import Config
from syndicate.model import pictures
from syndicate.model.articles import Article, Correction, Person, Sponsor
from syndicate.model.people import NOBODY, AuthorProfile, People
from syndicate.render import addresses, authors

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""For articles, of which there are many."""
_READABLE = json.JSONEncoder(ensure_ascii=False)
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
"""Characters that could end the script element around it: `</script`, `<!--`."""


def script_json(value: object) -> Markup:
    """Write a value as JSON for a script element, which it can't end."""
    return _safe(_READABLE.encode(value))


def _safe(text: str) -> Markup:
    for letter, escaped in _ESCAPES.items():
        text = text.replace(letter, escaped)
    return Markup(text)  # noqa: S704 - escaped above


def news_article(article: Article, config: Config, people: People = NOBODY) -> Markup:
    """Return an article as schema.org's NewsArticle.

    One with a sponsor is an AdvertiserContentArticle: it isn't news.
    """
    page = addresses.absolute(article.address, config)
    by = [_person(author, people.find(author.name), config) for author in article.authors]
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "AdvertiserContentArticle" if article.sponsor else "NewsArticle",
            "mainEntityOfPage": page,
            "url": page,
            "headline": article.title,
            "description": article.excerpt or None,
            "image": _pictures(article, config),
            "datePublished": article.published.isoformat(timespec="seconds"),
            "dateModified": article.modified.isoformat(timespec="seconds"),
            "author": by or [_organization(config)],
            "contributor": [_person(person, None, config) for person in article.contributors],
            "sponsor": _sponsor(article.sponsor, config) if article.sponsor else None,
            "publisher": _publisher(config),
            "articleSection": config.section_title(article.section) or None,
            "keywords": list(article.tags),
            "inLanguage": article.language or config.publication.language,
            "correction": list(map(_correction, article.corrections)),
            "commentCount": article.comments.count if article.comments else None,
            "discussionUrl": article.comments.url if article.comments else None,
        }
    )


def profile_page(person: Person, profile: AuthorProfile, config: Config) -> Markup:
    """Return an author's page as schema.org's ProfilePage."""
    about = _person(person, profile, config)
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "ProfilePage",
            "url": about["url"],
            "mainEntity": about,
        }
    )


def website(config: Config) -> Markup:
    """Return the home page as schema.org's WebSite, with the address of the search."""
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": config.publication.title,
        "url": addresses.absolute(addresses.HOME, config),
    }
    if url := addresses.search(config):
        data["potentialAction"] = {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{url}?q={{search_term_string}}"},
            "query-input": "required name=search_term_string",
        }
    return script_json(data)


def _known(properties: dict[str, Any]) -> Markup:
    known = {name: value for name, value in properties.items() if value not in (None, [])}
    return _safe(_COMPACT.encode(known))


def _publisher(config: Config) -> dict[str, Any]:
    publisher: dict[str, Any] = {
        "@type": "NewsMediaOrganization",
        "name": config.publication.title,
        "url": f"{config.url}/",
    }
    if logo := addresses.logo(config):
        publisher["logo"] = {"@type": "ImageObject", "url": logo}
    return publisher


def _organization(config: Config) -> dict[str, str]:
    """Return what stands in for authors that an article doesn't name."""
    return {
        "@type": "Organization",
        "name": config.publication.author or config.publication.title,
        "url": f"{config.url}/",
    }


def _person(person: Person, profile: AuthorProfile | None, config: Config) -> dict[str, Any]:
    """Return a person; an author with a file has the page as `url`."""
    properties: dict[str, Any] = {"@type": "Person", "name": person.name, "url": person.url}
    if profile is not None:
        properties |= {
            "name": profile.name,
            "url": addresses.absolute(addresses.author(person.name), config),
            "image": authors.portrait_address(profile, config),
            "jobTitle": profile.role,
            "description": profile.summary,
            "email": profile.mail,
            "sameAs": [address for _, address in authors.links(profile, person)],
        }
    return {name: value for name, value in properties.items() if value}


def _correction(correction: Correction) -> dict[str, str]:
    return {
        "@type": "CorrectionComment",
        "text": correction.text,
        "datePublished": correction.at.isoformat(timespec="seconds"),
    }


def _pictures(article: Article, config: Config) -> list[dict[str, Any]]:
    """Return the crops of the lead picture that search engines require, and itself."""
    lead = article.lead
    if lead is None or not lead.src:
        return []
    texts = {"caption": lead.caption, "creditText": lead.credit}
    texts = {name: text for name, text in texts.items() if text}
    whole: dict[str, Any] = {"@type": "ImageObject", "url": addresses.figure(lead, config)}
    if lead.width and lead.height:
        whole |= {"width": lead.width, "height": lead.height}
    images = []
    for crop in pictures.crops(lead):
        url = addresses.absolute(f"/{crop.src}", config)
        images.append(whole | {"url": url, "width": crop.width, "height": crop.height})
    return [image | texts for image in (*images, whole)]


def _sponsor(sponsor: Sponsor, config: Config) -> dict[str, Any]:
    properties: dict[str, Any] = {"@type": "Organization", "name": sponsor.name}
    if sponsor.url:
        properties["url"] = sponsor.url
    if sponsor.logo:
        url = addresses.figure(sponsor.logo, config)
        properties["logo"] = {"@type": "ImageObject", "url": url}
    return properties

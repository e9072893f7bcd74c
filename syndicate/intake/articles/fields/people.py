"""Read authors and contributors: names, or tables with more about a person."""

from dataclasses import replace

from syndicate.intake.articles.fields.front_matter_keys import MAX_LINE_LENGTH, FrontMatterKeys
from syndicate.intake.articles.frontmatter import FrontMatterValue
from syndicate.model.articles import Person
from syndicate.model.urls import http_url
from syndicate.text import one_line


def read_people(keys: FrontMatterKeys, *names: str) -> tuple[Person, ...]:
    """Return the people in some keys, each once."""
    return tuple(dict.fromkeys(person for name in names for person in _read_key(keys, name)))


def _read_key(keys: FrontMatterKeys, key: str) -> tuple[Person, ...]:
    value = keys.get(key)
    if value is None:
        return ()
    items = (value,) if value.items is None else value.items
    return tuple(_person(keys, key, item) for item in items if not item.is_null and item.text != "")


def _person(keys: FrontMatterKeys, key: str, value: FrontMatterValue) -> Person:
    if value.text is not None:
        name, table = one_line(value.text), {}
    elif value.table is not None:
        table = keys.table(key, value, ("name", "place", "url", "email"))
        name = table.get("name", "")
    else:
        name, table = "", {}
    if not name or len(name) > MAX_LINE_LENGTH:
        keys.refuse(key, value, "a name, or a table with name, place, url, email")
    person = Person(name=name, place=table.get("place") or None)
    url, email = table.get("url"), table.get("email")
    if url and not http_url(url):
        keys.refuse(f"{key}.url", (value.table or {})["url"], "an http or https address")
    if email and not _is_email(email):
        keys.refuse(f"{key}.email", (value.table or {})["email"], "an email address")
    return replace(person, url=http_url(url) if url else None, email=email or None)


def _is_email(text: str) -> bool:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True

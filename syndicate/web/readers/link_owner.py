"""The reader that a signed link belongs to, and the newsletter that it names."""

from starlette.requests import Request

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Actor, Cause, Subscriber
from syndicate.store import Transaction
from syndicate.web.server import client_address
from syndicate.web.ui_strings import WebStrings, web_strings


def find_reader(tx: Transaction, key: int) -> Subscriber | None:
    """Return the reader that a link was made for, also after a merge; None once erased."""
    return tx.subscribers.by_key(key) or tx.subscribers.by_key(tx.merges.current_number(key))


def find_newsletter(tx: Transaction, name: str, config: Config) -> Newsletter | None:
    """Return the newsletter that a link or letter names, also after it was renamed."""
    return config.newsletter(name) or config.newsletter(tx.newsletters.current_name(name))


def cause_of_request(how: str, request: Request, config: Config) -> Cause:
    """Return the cause that the audit log gets for a reader's request."""
    origin = client_address.client_network(request, config.web.proxies)
    return Cause(who=Actor.READER, how=how, origin=origin)


def strings_for(reader: Subscriber, config: Config) -> WebStrings:
    """Return the texts in the reader's language, or in the publication's."""
    return web_strings(reader.language or config.publication.language)


def mask_email(email: str) -> str:
    """Shorten an address so that its owner recognises it and others can't use it."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"

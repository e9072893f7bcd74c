"""Readers at our doors: who holds a link, and from where they come."""

from starlette.requests import Request

from syndicate.config import Config, Newsletter
from syndicate.model.subscribers import Actor, Cause, Subscriber
from syndicate.store import Transaction
from syndicate.web.server import client_address


def find_reader(tx: Transaction, key: int) -> Subscriber | None:
    """Return who holds a link that was made for a number; None where they are forgotten.

    It may have been made out before they became one with somebody else.
    """
    return tx.subscribers.by_key(key) or tx.subscribers.by_key(tx.merges.current_number(key))


def find_renamed_newsletter(tx: Transaction, name: str, config: Config) -> Newsletter | None:
    """Return the newsletter that a link or letter names, though it has another name now."""
    return config.newsletter(name) or config.newsletter(tx.newsletters.current_name(name))


def cause_of_request(how: str, request: Request, config: Config) -> Cause:
    """Return the cause of what a reader does by a request."""
    origin = client_address.client_network(request, config.web.proxies)
    return Cause(who=Actor.READER, how=how, origin=origin)

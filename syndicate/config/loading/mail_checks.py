"""Checks that `[mail]`, its relays and its limits agree, before they are parsed."""

from collections.abc import Iterator, Mapping
from typing import Any

from syndicate.config.loading.toml_positions import Loc, Mistake
from syndicate.config.loopback import is_loopback, is_loopback_url
from syndicate.config.secret import mask_secrets
from syndicate.config.sections.dkim import domain_name
from syndicate.config.sections.mail import TransportKind
from syndicate.config.sections.relays import SHARED_KEYS, SmtpServer

_LOCAL_URL = "http://127.0.0.1:8000"


def check_mail(
    mail: Mapping[str, Any], publication: Mapping[str, Any], web: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Find contradictions in `[mail]`; whether passwords can be read is not checked."""
    sends = mail.get("transport") == TransportKind.SMTP
    if sends:
        yield from _going_live(publication, web, mail)
    yield from _misplaced_keys(mail)
    yield from _relays(mail)
    yield from _limits(mail)
    for loc, server in _servers(mail):
        if "password_env" in server and "password_file" in server:
            both = "expected one of password_env and password_file, not both"
            yield (*loc, "password_file"), both
        if sends:
            yield from _login(server, loc)
        yield from _warm_up(server, loc)


def _servers(mail: Mapping[str, Any]) -> Iterator[tuple[Loc, Mapping[str, Any]]]:
    """Iterate over the tables of mail servers: the relays, or `[mail]` itself if there are none."""
    relays = mail.get("relays")
    if not relays or not isinstance(relays, list):
        yield ("mail",), mail
        return
    for number, relay in enumerate(relays):
        if isinstance(relay, dict):
            yield ("mail", "relays", number), relay


def _going_live(
    publication: Mapping[str, Any], web: Mapping[str, Any], mail: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Check that mail by a mail server says who it is from, and that readers can follow its links.

    A server on this machine may send to everywhere, or catch test mail: a `url` that leads to
    this machine says that it is a catcher.
    """
    given = (server.get("host", "localhost") for _, server in _servers(mail))
    hosts = [host for host in given if isinstance(host, str)]
    remote = next((host for host in hosts if not is_loopback(host)), None)
    if not publication.get("url"):
        catcher = "" if remote else f', or for a catcher of test mail "{_LOCAL_URL}"'
        server = remote or next(iter(hosts), "localhost")
        needed = f"the links in mail begin with it; set the public address{catcher}"
        yield ("publication", "url"), f"{_missing(server)}: {needed}"
    if remote is None:
        return
    for name, table in (("publication", publication), ("web", web)):
        if is_loopback_url(table.get("url")):
            by = mask_secrets(remote)
            mistake = f"leads to this machine, and mail goes out by {by}: no reader gets there"
            yield (name, "url"), mistake
    if not publication.get("postal_address"):
        reason = "the law wants it at the foot of every mail"
        yield ("publication", "postal_address"), f"{_missing(remote)}: {reason}"


def _missing(host: str) -> str:
    return f"missing, and mail goes out by {mask_secrets(host)}"


def _misplaced_keys(mail: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find the keys of `[mail]` that nothing reads where there are relays."""
    for key in SmtpServer.model_fields if mail.get("relays") else ():
        if key in mail and key not in SHARED_KEYS:
            unused = "mail leaves by [[mail.relays]] alone; move it into the relays that it is for"
            yield ("mail", key), unused


def _relays(mail: Mapping[str, Any]) -> Iterator[Mistake]:
    """Check that each relay has a unique name, and that at least one of them is used."""
    if not mail.get("relays"):
        return
    names = set[str]()
    weights = list[object]()
    for loc, relay in _servers(mail):
        name = relay.get("name")
        weights.append(relay.get("weight", 1))
        if isinstance(name, str) and name in names:
            yield (*loc, "name"), "there are two relays of that name"
        names.add(str(name))
    if all(weight == 0 for weight in weights):
        unused = "no relay has a weight of 1 or more, so none is the one that mail leaves by"
        yield ("mail", "relays", 0, "weight"), unused


def _limits(mail: Mapping[str, Any]) -> Iterator[Mistake]:
    limited = set[str]()
    limits = mail.get("limits")
    for number, limit in enumerate(limits if isinstance(limits, list) else ()):
        domains = limit.get("domains") if isinstance(limit, dict) else None
        for position, written in enumerate(domains if isinstance(domains, list) else ()):
            try:
                domain = domain_name(written if isinstance(written, str) else "")
            except ValueError:  # the model reports it
                continue
            if domain in limited:
                loc = ("mail", "limits", number, "domains", position)
                yield loc, f"{domain} has a limit already; remove one of them"
            limited.add(domain)


def _login(server: Mapping[str, Any], loc: Loc) -> Iterator[Mistake]:
    named = "password_env" in server or "password_file" in server
    if isinstance(server.get("username"), str) and not named:
        yield (*loc, "username"), "needs password_env or password_file"


def _warm_up(server: Mapping[str, Any], loc: Loc) -> Iterator[Mistake]:
    if server.get("warm_up") and "warm_up_from" not in server:
        yield (*loc, "warm_up"), "needs warm_up_from, the first day, such as 2026-01-15"
    if "warm_up_from" in server and not server.get("warm_up"):
        yield (*loc, "warm_up_from"), "needs warm_up, such as [200, 500, 1000, 2000, 5000]"

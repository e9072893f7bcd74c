"""Checks of `[mail]`: servers, limits and signing keys, and what mail needs before it goes out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from syndicate.config.loading.raw_tables import both_keys, items_of, repeated_names, table_of
from syndicate.config.loading.toml_positions import Loc, Mistake
from syndicate.config.loopback import is_loopback, is_loopback_url
from syndicate.config.secret import mask_secrets
from syndicate.config.sections.mail import SHARED_KEYS, DkimKeySettings, MailSettings, SmtpServer
from syndicate.config.values import Mailbox, domain_name

_LOCAL_URL = "http://127.0.0.1:8000"
_DEFAULT_FROM = str(MailSettings().sender)


def check_mail(data: dict[str, Any]) -> Iterator[Mistake]:
    """Find what contradicts itself in `[mail]`, or in what mail needs of other tables."""
    mail = table_of(data, "mail")
    sends = mail.get("transport") == "smtp"
    if sends:
        yield from _going_live(data)
    if mail.get("relays"):
        yield from _relays(mail)
    yield from _limits(mail)
    for loc, server in _servers(mail):
        yield from both_keys(loc, server, "password_env", "password_file")
        named = "password_env" in server or "password_file" in server
        if sends and isinstance(server.get("username"), str) and not named:
            yield (*loc, "username"), "needs password_env or password_file"
        if server.get("warm_up") and "warm_up_from" not in server:
            yield (*loc, "warm_up"), "needs warm_up_from, the first day, such as 2026-01-15"
        if "warm_up_from" in server and not server.get("warm_up"):
            yield (*loc, "warm_up_from"), "needs warm_up, such as [200, 500, 1000, 2000, 5000]"
    yield from _signing_keys(data)


def _servers(mail: dict[str, Any]) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Iterate over the tables of mail servers: the relays, or `[mail]` itself if there are none."""
    if not mail.get("relays") or not isinstance(mail["relays"], list):
        yield ("mail",), mail
    for number, relay in items_of(mail, "relays"):
        yield ("mail", "relays", number), relay


def _going_live(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that mail by a mail server says who it is from, and that readers can follow its links.

    A server on this machine may send to everywhere, or catch test mail: a `url` that leads to
    this machine says that it is a catcher.
    """
    publication = table_of(data, "publication")
    given = (server.get("host", "localhost") for _, server in _servers(table_of(data, "mail")))
    hosts = [host for host in given if isinstance(host, str)]
    remote = next((host for host in hosts if not is_loopback(host)), None)
    by = mask_secrets(remote or next(iter(hosts), "localhost"))
    missing = f"missing, and mail goes out by {by}"
    if not publication.get("url"):
        catcher = "" if remote else f', or for a catcher of test mail "{_LOCAL_URL}"'
        needed = f"the links in mail begin with it; set the public address{catcher}"
        yield ("publication", "url"), f"{missing}: {needed}"
    if remote is None:
        return
    for name in ("publication", "web"):
        if is_loopback_url(table_of(data, name).get("url")):
            mistake = f"leads to this machine, and mail goes out by {by}: no reader gets there"
            yield (name, "url"), mistake
    if not publication.get("postal_address"):
        reason = "the law wants it at the foot of every mail"
        yield ("publication", "postal_address"), f"{missing}: {reason}"


def _relays(mail: dict[str, Any]) -> Iterator[Mistake]:
    """Check that each relay has a unique name, that one is used, and that all keys are read."""
    for key in SmtpServer.model_fields:
        if key in mail and key not in SHARED_KEYS:
            unused = "mail leaves by [[mail.relays]] alone; move it into the relays that it is for"
            yield ("mail", key), unused
    yield from repeated_names(mail, "relays", ("mail",))
    if all(relay.get("weight", 1) == 0 for _, relay in _servers(mail)):
        unused = "no relay has a weight of 1 or more, so none is the one that mail leaves by"
        yield ("mail", "relays", 0, "weight"), unused


def _limits(mail: dict[str, Any]) -> Iterator[Mistake]:
    limited = set[str]()
    for number, limit in items_of(mail, "limits"):
        domains = limit.get("domains")
        for position, written in enumerate(domains if isinstance(domains, list) else ()):
            try:
                domain = domain_name(written if isinstance(written, str) else "")
            except ValueError:  # the model reports it
                continue
            if domain in limited:
                loc = ("mail", "limits", number, "domains", position)
                yield loc, f"{domain} has a limit already; remove one of them"
            limited.add(domain)


def _signing_keys(data: dict[str, Any]) -> Iterator[Mistake]:
    """Find contradictions in the keys; the private keys themselves are not read."""
    tables = table_of(data, "mail").get("dkim")
    keys = list[DkimKeySettings]()
    for number, item in enumerate(tables if isinstance(tables, list) else []):
        try:
            key = DkimKeySettings.model_validate(item)
        except ValidationError:  # the model reports it
            continue
        keys.append(key)
        if (key.key_file is None) == (key.key_env is None):
            yield ("mail", "dkim", number), "needs either key_file or key_env, one of them"
    if not keys or len(keys) < len(tables or ()):
        return
    counts = Counter((key.selector.lower(), key.domain) for key in keys)
    for number, key in enumerate(keys):
        if counts[key.selector.lower(), key.domain] > 1:
            twice = "there are two keys of that name; each needs a selector of its own"
            yield ("mail", "dkim", number, "selector"), twice
    yield from _alignment(keys, list(_sender_domains(data)))


def _alignment(
    keys: Sequence[DkimKeySettings], senders: Sequence[tuple[Loc, str]]
) -> Iterator[Mistake]:
    """Check that each key signs for a sender, and that every sender's mail is signed."""
    has_idle_key = False
    for number, key in enumerate(keys):
        if senders and not any(key.signing(domain) for _, domain in senders):
            has_idle_key = True
            domains = ", ".join(dict.fromkeys(domain for _, domain in senders))
            idle = f"no mail is from there, but from {domains}; expected that, or a domain above it"
            yield ("mail", "dkim", number, "domain"), idle
    for loc, domain in senders:
        if not has_idle_key and not any(key.signing(domain) for key in keys):
            unsigned = f"no key of [[mail.dkim]] signs for {domain}; add one, or remove its domain"
            yield loc, unsigned


def _sender_domains(data: dict[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Iterate over the domains that mail is from, and where in config.toml each is set."""
    newsletters = list(items_of(data, "newsletters"))
    senders: list[tuple[Loc, object]] = [
        (("newsletters", number, "from"), newsletter["from"])
        for number, newsletter in newsletters
        if "from" in newsletter
    ]
    if not senders or len(senders) < len(newsletters):
        senders.insert(0, (("mail", "from"), table_of(data, "mail").get("from", _DEFAULT_FROM)))
    for loc, sender in senders:
        try:
            yield loc, domain_name(Mailbox.parse(str(sender)).domain)
        except ValueError:  # the model reports it
            continue

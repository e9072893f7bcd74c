"""Checks that the tables of `[[mail.dkim]]` agree, before they are parsed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from syndicate.config.loading.toml_positions import Loc, Mistake
from syndicate.config.sections.dkim import DkimKeySettings, domain_name
from syndicate.config.values import Mailbox

_DEFAULT_FROM = "news@localhost"


def check_dkim(data: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find contradictions in the keys; the private keys themselves are not read."""
    mail = data.get("mail")
    tables = mail.get("dkim") if isinstance(mail, dict) else None
    keys = list[DkimKeySettings]()
    for number, table in enumerate(tables if isinstance(tables, list) else []):
        try:
            key = DkimKeySettings.model_validate(table)
        except ValidationError:  # the model reports it
            continue
        keys.append(key)
        if (key.key_file is None) == (key.key_env is None):
            yield ("mail", "dkim", number), "needs either key_file or key_env, one of them"
    if keys and len(keys) == len(tables or ()):
        yield from _names(keys)
        yield from _alignment(keys, list(_sender_domains(data)))


def _names(keys: Sequence[DkimKeySettings]) -> Iterator[Mistake]:
    counts = Counter((key.selector.lower(), key.domain) for key in keys)
    for number, key in enumerate(keys):
        if counts[key.selector.lower(), key.domain] > 1:
            twice = "there are two keys of that name; each needs a selector of its own"
            yield ("mail", "dkim", number, "selector"), twice


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


def _sender_domains(data: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    """Iterate over the domains that mail is from, and where in config.toml each is set."""
    mail, tables = data.get("mail"), data.get("newsletters")
    common = mail.get("from", _DEFAULT_FROM) if isinstance(mail, dict) else _DEFAULT_FROM
    newsletters = tables if isinstance(tables, list) else []
    senders: list[tuple[Loc, object]] = [
        (("newsletters", number, "from"), newsletter["from"])
        for number, newsletter in enumerate(newsletters)
        if isinstance(newsletter, dict) and "from" in newsletter
    ]
    if len(senders) < len(newsletters) or not newsletters:
        senders.insert(0, (("mail", "from"), common))
    for loc, sender in senders:
        try:
            yield loc, domain_name(Mailbox.parse(str(sender)).domain)
        except ValueError:  # the model reports it
            continue

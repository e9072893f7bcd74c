"""Everything that decides whether mail is taken, in the order in which it is told."""

import stat
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from syndicate.config import Config, RelaySettings, Security, TransportKind, missing_secrets
from syndicate.config.loopback import is_loopback
from syndicate.config.sections.dkim import domain_name
from syndicate.deliver.doctor import relay, senders
from syndicate.deliver.doctor.connection import connect
from syndicate.deliver.doctor.finding import Finding, FindingState
from syndicate.deliver.doctor.relay import Origin
from syndicate.deliver.doctor.resolver import Resolver
from syndicate.deliver.doctor.spf import SpfRecords
from syndicate.deliver.message.dkim import DkimKeyring
from syndicate.errors import CallFailed


def checkup(
    config: Config,
    resolver: Resolver,
    *,
    own: Sequence[str] = (),
    selectors: Sequence[str] = (),
    connects: bool = False,
) -> Iterator[Finding]:
    """Look at the configuration, and at what DNS says of its domains and its relays.

    `own` are the public addresses of this machine, `selectors` those of a relay
    that signs; `connects`: whether to connect to the relays, too.
    """
    keyring = DkimKeyring.readable(config)
    spf = SpfRecords(resolver)
    yield from _configured(config, connects=connects)
    for secret in missing_secrets(config):
        yield Finding(
            check="secret", where=secret.key, state=FindingState.MISSING, said=secret.reason
        )
    origins, unanswered = _origins(config, resolver, own)
    permits = [each.permit for each in origins] + [f"a:{each.where}" for each in unanswered]
    permit = " ".join(dict.fromkeys(permits)) or f"a:{config.mail.host}"
    domains = []
    for name in _domains(config):
        if "." not in name:
            said = "nobody outside can know that domain; set mail.from to one that is yours"
            yield Finding(check="from", where=name, state=FindingState.WRONG, said=said)
            continue
        domains.append(name)
        signer = keyring.signer(name)
        seals = signer.seals if signer else ()
        yield from senders.domain(
            name,
            resolver,
            spf,
            seals=seals,
            unread=list(_unread(config, keyring, name)),
            selectors=selectors,
            permit=permit,
        )
    yield from unanswered
    for origin in origins:
        yield from relay.relay(origin, domains, resolver, spf)


def _domains(config: Config) -> list[str]:
    """List the domains that mail is from, in ASCII."""
    mailboxes = [config.sender(each) for each in config.newsletters] or [config.mail.sender]
    return list(dict.fromkeys(domain_name(each.domain) for each in mailboxes))


def _unread(config: Config, keyring: DkimKeyring, domain: str) -> Iterator[str]:
    """Name the keys in DNS that are for a domain and whose private half can't be read."""
    read = [dkim for dkim, _ in keyring.keys]
    for dkim in config.mail.dkim:
        if dkim not in read and (signing := dkim.signing(domain)):
            yield f"{dkim.selector}._domainkey.{signing}"


def _origins(
    config: Config, resolver: Resolver, own: Sequence[str]
) -> tuple[list[Origin], list[Finding]]:
    """Find where mail leaves from, each host once, and of which DNS gave no answer."""
    origins, unanswered = list[Origin](), list[Finding]()
    servers = config.mail.servers if config.mail.transport is TransportKind.SMTP else ()
    for host, server in {server.host: server for server in servers}.items():
        try:
            origins.append(Origin.of(server, resolver, own))
        except CallFailed as error:
            told = Finding(check="relay", where=host, state=FindingState.UNKNOWN, said=str(error))
            unanswered.append(told)
    return origins, unanswered


def _configured(config: Config, *, connects: bool) -> Iterator[Finding]:
    yield _way_out(config)
    if config.mail.transport is TransportKind.SMTP:
        for server in config.mail.servers:
            table = f"mail.relays.{server.name}" if config.mail.relays else "mail"
            if connects:
                yield from connect(server, table, config)
            yield from _tls(server, table, connected=connects)
    yield _one_click(config)
    yield _postal_address(config)
    yield from _exposed(config)


def _exposed(config: Config) -> Iterator[Finding]:
    """Find the secrets that every user of the machine can read."""
    servers = config.mail.servers if config.mail.transport is TransportKind.SMTP else ()
    files = [
        *(("password", server.name, server.password_file) for server in servers),
        *(("key", dkim.selector, dkim.key_file) for dkim in config.mail.dkim),
    ]
    for check, where, file in files:
        if file is None:
            continue
        try:
            mode = config.path(file).stat().st_mode
        except OSError:  # reported as missing
            continue
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            said = f"every user of this machine can read it: chmod 600 {file}"
            yield Finding(
                check=check, where=where, state=FindingState.WRONG, said=said, demanded=False
            )


def _way_out(config: Config) -> Finding:
    check, where = "transport", "mail.transport"
    if config.mail.transport is TransportKind.SMTP:
        said = f"mail is handed to {', '.join(each.address for each in config.mail.servers)}"
        return Finding(check=check, where=where, state=FindingState.OK, said=said)
    said = 'mail goes into a folder; set it to "smtp" to send'
    return Finding(check=check, where=where, state=FindingState.WRONG, said=said, demanded=False)


def _tls(server: RelaySettings, table: str, *, connected: bool) -> Iterator[Finding]:
    check, where, own = "TLS", f"{table}.security", is_loopback(server.host)
    if server.security is Security.NONE and own:
        said = "not seen: the relay is on this machine; see to it that it uses TLS itself"
        yield Finding(
            check=check, where=where, state=FindingState.UNKNOWN, said=said, demanded=False
        )
    elif server.security is Security.NONE:
        said = 'mail goes to the relay in the open; set "starttls" or "tls"'
        yield Finding(check=check, where=where, state=FindingState.WRONG, said=said)
    elif not connected:
        said = (
            f"{server.security} is set and was not tried: `syndicate doctor --connect` connects, "
            "checks the certificate and logs in"
        )
        yield Finding(
            check=check, where=where, state=FindingState.UNKNOWN, said=said, demanded=False
        )
    if server.security is not Security.NONE and not server.verify and not own:
        said = (
            "whoever is on the way can pose as the relay; set it to true, and SSL_CERT_FILE to the "
            "certificate of its issuer"
        )
        yield Finding(
            check=check,
            where=f"{table}.verify",
            state=FindingState.WRONG,
            said=said,
            demanded=False,
        )


def _one_click(config: Config) -> Finding:
    """Whether one-click unsubscribing works: by HTTPS, from everywhere (RFC 8058, 3.1)."""
    address = urlsplit(config.web_url)
    check, where = "one-click", "web.url" if config.web.url else "publication.url"
    if address.scheme == "https" and not is_loopback(address.hostname or ""):
        said = f"readers unsubscribe with one click at {config.web_url}; that was not tried"
        return Finding(check=check, where=where, state=FindingState.OK, said=said)
    said = f"expected an https address that all can reach, not {config.web_url}"
    return Finding(check=check, where=where, state=FindingState.WRONG, said=said)


def _postal_address(config: Config) -> Finding:
    check, where = "address", "publication.postal_address"
    if config.publication.postal_address:
        said = "it stands at the foot of every mail"
        return Finding(check=check, where=where, state=FindingState.OK, said=said)
    said = "the law wants a postal address at the foot of every mail"
    return Finding(check=check, where=where, state=FindingState.MISSING, said=said, demanded=False)

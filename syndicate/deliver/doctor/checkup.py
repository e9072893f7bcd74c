"""Checks everything that decides whether mail is accepted, in the order of the report."""

import stat
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from syndicate.config import Config, RelaySettings, Security, TransportKind, missing_secrets
from syndicate.config.loopback import is_loopback
from syndicate.config.sections.dkim import domain_name
from syndicate.deliver.doctor.connection import check_connection
from syndicate.deliver.doctor.finding import Finding, FindingState
from syndicate.deliver.doctor.resolver import Resolver
from syndicate.deliver.doctor.sender_domain import check_domain
from syndicate.deliver.doctor.sending_host import SendingHost, check_host
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
    """Check the configuration, and the DNS records of its domains and relays.

    `own` are the public addresses of this machine, `selectors` those of a relay that
    signs; `connects`: also connect to the relays.
    """
    keyring = DkimKeyring.of(config, skip_unreadable=True)
    spf = SpfRecords(resolver)
    yield from _config_findings(config, connects=connects)
    for secret in missing_secrets(config):
        yield Finding("secret", secret.key, FindingState.MISSING, secret.reason)
    hosts, unanswered = _sending_hosts(config, resolver, own)
    permits = [host.spf_terms for host in hosts] + [f"a:{found.where}" for found in unanswered]
    spf_terms = " ".join(dict.fromkeys(permits)) or f"a:{config.mail.host}"
    domains = []
    for domain in _sender_domains(config):
        if "." not in domain:
            text = "no other server can resolve that domain; set mail.from to one that is yours"
            yield Finding("from", domain, FindingState.WRONG, text)
            continue
        domains.append(domain)
        signer = keyring.signer(domain)
        yield from check_domain(
            domain,
            resolver,
            spf,
            keys=signer.keys if signer else (),
            unreadable=list(_unreadable_keys(config, keyring, domain)),
            selectors=selectors,
            spf_terms=spf_terms,
        )
    yield from unanswered
    for host in hosts:
        yield from check_host(host, domains, resolver, spf)


def _sender_domains(config: Config) -> list[str]:
    """Return the domains that mail is from, in ASCII."""
    mailboxes = [config.sender(newsletter) for newsletter in config.newsletters]
    domains = [domain_name(mailbox.domain) for mailbox in mailboxes or [config.mail.sender]]
    return list(dict.fromkeys(domains))


def _unreadable_keys(config: Config, keyring: DkimKeyring, domain: str) -> Iterator[str]:
    """Yield the DNS names of the keys for a domain whose private key can't be read."""
    readable = [settings for settings, _ in keyring.keys]
    for settings in config.mail.dkim:
        if settings not in readable and (signing := settings.signing(domain)):
            yield f"{settings.selector}._domainkey.{signing}"


def _smtp_servers(config: Config) -> Sequence[RelaySettings]:
    return config.mail.servers if config.mail.transport is TransportKind.SMTP else ()


def _sending_hosts(
    config: Config, resolver: Resolver, own: Sequence[str]
) -> tuple[list[SendingHost], list[Finding]]:
    """Return the hosts that mail leaves from, and findings for those that DNS doesn't know."""
    hosts, unanswered = list[SendingHost](), list[Finding]()
    for name, server in {server.host: server for server in _smtp_servers(config)}.items():
        try:
            hosts.append(SendingHost.of(server, resolver, own))
        except CallFailed as error:
            unanswered.append(Finding("relay", name, FindingState.UNKNOWN, str(error)))
    return hosts, unanswered


def _config_findings(config: Config, *, connects: bool) -> Iterator[Finding]:
    yield _transport(config)
    for server in _smtp_servers(config):
        table = f"mail.relays.{server.name}" if config.mail.relays else "mail"
        if connects:
            yield from check_connection(server, table, config)
        yield from _tls(server, table, connected=connects)
    yield _one_click(config)
    yield _postal_address(config)
    yield from _exposed_secrets(config)


def _exposed_secrets(config: Config) -> Iterator[Finding]:
    """Find the secrets that every user of this machine can read."""
    files = [
        *(("password", server.name, server.password_file) for server in _smtp_servers(config)),
        *(("key", settings.selector, settings.key_file) for settings in config.mail.dkim),
    ]
    for check, where, file in files:
        if file is None:
            continue
        try:
            mode = config.path(file).stat().st_mode
        except OSError:  # reported as missing
            continue
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            text = f"every user of this machine can read it: chmod 600 {file}"
            yield Finding(check, where, FindingState.WRONG, text, demanded=False)


def _transport(config: Config) -> Finding:
    check, where = "transport", "mail.transport"
    if servers := _smtp_servers(config):
        text = f"mail is handed to {', '.join(server.address for server in servers)}"
        return Finding(check, where, FindingState.OK, text)
    text = 'mail goes into a folder; set it to "smtp" to send'
    return Finding(check, where, FindingState.WRONG, text, demanded=False)


def _tls(server: RelaySettings, table: str, *, connected: bool) -> Iterator[Finding]:
    check, where, is_local = "TLS", f"{table}.security", is_loopback(server.host)
    if server.security is Security.NONE and is_local:
        text = "not checked: the relay is on this machine; make sure that it uses TLS itself"
        yield Finding(check, where, FindingState.UNKNOWN, text, demanded=False)
    elif server.security is Security.NONE:
        text = 'mail goes to the relay unencrypted; set "starttls" or "tls"'
        yield Finding(check, where, FindingState.WRONG, text)
    elif not connected:
        text = (
            f"{server.security} is set and was not tried: `syndicate doctor --connect` connects, "
            "checks the certificate and logs in"
        )
        yield Finding(check, where, FindingState.UNKNOWN, text, demanded=False)
    if server.security is not Security.NONE and not server.verify and not is_local:
        text = (
            "anybody on the network path can pose as the relay; set it to true, and SSL_CERT_FILE "
            "to the certificate of its issuer"
        )
        yield Finding(check, f"{table}.verify", FindingState.WRONG, text, demanded=False)


def _one_click(config: Config) -> Finding:
    """Check that one-click unsubscribing uses HTTPS and a public address (RFC 8058, 3.1)."""
    url = urlsplit(config.web_url)
    check, where = "one-click", "web.url" if config.web.url else "publication.url"
    if url.scheme == "https" and not is_loopback(url.hostname or ""):
        text = f"readers unsubscribe with one click at {config.web_url}; that was not tried"
        return Finding(check, where, FindingState.OK, text)
    text = f"expected a public https address, not {config.web_url}"
    return Finding(check, where, FindingState.WRONG, text)


def _postal_address(config: Config) -> Finding:
    check, where = "address", "publication.postal_address"
    if config.publication.postal_address:
        return Finding(check, where, FindingState.OK, "every mail has it in its footer")
    text = "the law demands a postal address in the footer of every mail"
    return Finding(check, where, FindingState.MISSING, text, demanded=False)

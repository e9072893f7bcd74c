"""Checks everything that decides whether mail is accepted, in the order of the report."""

import ssl
import stat
from collections.abc import Iterator, Sequence
from functools import partial

from syndicate.config import (
    Config,
    RelaySettings,
    SmtpServer,
    missing_feedback_secrets,
    missing_secrets,
)
from syndicate.config.loopback import is_loopback
from syndicate.config.values import domain_name
from syndicate.deliver.doctor.bounce_checks import check_feedback, has_public_address
from syndicate.deliver.doctor.dns_checks import DomainChecks, SendingHost, check_host
from syndicate.deliver.doctor.dns_records import Resolver
from syndicate.deliver.doctor.findings import MISSING, OK, UNKNOWN, WRONG, Finding
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.errors import CallFailed, RelayUnavailable, SecretUnreadable


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
    servers = config.mail.servers if config.mail.transport == "smtp" else ()
    yield from _config_findings(config, servers, connects=connects)
    hosts, unanswered = list[SendingHost](), list[Finding]()
    for name, server in {server.host: server for server in servers}.items():
        try:
            hosts.append(SendingHost.of(server, resolver, own))
        except CallFailed as error:
            unanswered.append(Finding("relay", name, UNKNOWN, str(error)))
    permits = [host.spf_terms for host in hosts] + [f"a:{found.where}" for found in unanswered]
    spf_terms = " ".join(dict.fromkeys(permits)) or f"a:{config.mail.host}"
    checks = DomainChecks(config, resolver, selectors=selectors, spf_terms=spf_terms)
    # several domains may have one policy, and its faults once
    yield from dict.fromkeys(_domain_findings(config, servers or [config.mail], checks))
    yield from unanswered
    for host in hosts:
        named = [server for server in servers if server.host == host.name]
        domains = _envelopes(config, named, _sender_domains(config))
        yield from check_host(host, [domain for domain in domains if "." in domain], checks.spf)


def _domain_findings(
    config: Config, servers: Sequence[SmtpServer], checks: DomainChecks
) -> Iterator[Finding]:
    """Check each domain of From, and that of `bounces.address`."""
    domains = _sender_domains(config)
    for domain in domains:
        if "." in domain:
            yield from checks.check_sender(domain, _envelopes(config, servers, [domain]))
        else:
            text = "no other server can resolve that domain; set mail.from to one that is yours"
            yield Finding("from", domain, WRONG, text)
    bounces, envelopes = config.bounces.address, _envelopes(config, servers, domains)
    returning = [domain_name(bounces.domain)] if bounces is not None else []
    for domain in dict.fromkeys(returning + envelopes):
        if domain in domains:
            continue
        if "." in domain:
            yield from checks.check_return(domain, sends=domain in envelopes)
        else:
            text = "no other server can resolve that domain, so no bounce arrives there"
            yield Finding("bounces", domain, WRONG, text)


def _sender_domains(config: Config) -> list[str]:
    """Return the domains of the senders of all newsletters."""
    senders = [config.sender(newsletter) for newsletter in config.newsletters]
    names = [domain_name(sender.domain) for sender in senders or [config.mail.sender]]
    return list(dict.fromkeys(names))


def _envelopes(config: Config, servers: Sequence[SmtpServer], domains: Sequence[str]) -> list[str]:
    """Return the domains of the envelope senders that `servers` get for mail from `domains`."""
    bounces = config.bounces.address
    if bounces is None:
        return list(domains)
    tagged = [domain_name(bounces.domain)] * any(server.verp for server in servers)
    plain = domains if any(not server.verp for server in servers) else ()
    return list(dict.fromkeys((*tagged, *plain)))


def _config_findings(
    config: Config, servers: Sequence[RelaySettings], *, connects: bool
) -> Iterator[Finding]:
    if servers:
        text = f"mail is handed to {', '.join(server.address for server in servers)}"
        yield Finding("transport", "mail.transport", OK, text)
    else:
        text = 'mail goes into a folder; set it to "smtp" to send'
        yield Finding("transport", "mail.transport", WRONG, text, demanded=False)
    for server in servers:
        table = f"mail.relays.{server.name}" if config.mail.relays else "mail"
        if connects:
            yield from _connection(config, server, table)
        yield from _tls(server, table, connected=connects)
    yield _one_click(config)
    yield from check_feedback(config)
    where = "publication.postal_address"
    if config.publication.postal_address:
        yield Finding("address", where, OK, "every mail has it in its footer")
    else:
        text = "the law demands a postal address in the footer of every mail"
        yield Finding("address", where, MISSING, text, demanded=False)
    yield from _exposed_secrets(config, servers)
    for secret in missing_secrets(config):
        yield Finding("secret", secret.key, MISSING, secret.reason)
    for secret in missing_feedback_secrets(config):
        yield Finding("secret", secret.key, MISSING, secret.reason, demanded=False)


def _connection(config: Config, server: RelaySettings, table: str) -> Iterator[Finding]:
    """Connect and log in, but send nothing; verify the certificate even if `verify` is false."""
    connection = partial(Finding, "connection", server.address)
    tls = partial(Finding, "TLS", f"{table}.security")
    login = partial(Finding, "login", f"{table}.username")
    encrypted = server.security != "none"
    strict = server.model_copy(update={"verify": True})
    try:
        protection = SmtpTransport(strict, table=table).describe()
    except RelayUnavailable as error:
        yield connection(WRONG, str(error))
        # without a cause it is our own error: the server offers no STARTTLS
        if encrypted and (error.__cause__ is None or isinstance(error.__cause__, ssl.SSLError)):
            yield tls(WRONG, "there is no connection to be trusted")
        elif encrypted:
            yield tls(UNKNOWN, "there was no connection")
        return
    yield connection(OK, "it answers")
    if encrypted:
        yield tls(OK, f"seen by {server.security}: {protection}")
    if server.username is None:
        return
    try:
        SmtpTransport(server, partial(server.password, config.root), table).open().close()
    except SecretUnreadable as error:
        yield login(UNKNOWN, f"not tried: {error}", demanded=False)
    except RelayUnavailable as error:
        yield login(WRONG, str(error))
    else:
        yield login(OK, "accepted")


def _tls(server: RelaySettings, table: str, *, connected: bool) -> Iterator[Finding]:
    finding, is_local = partial(Finding, "TLS", f"{table}.security"), is_loopback(server.host)
    if server.security == "none" and is_local:
        text = "not checked: the relay is on this machine; make sure that it uses TLS itself"
        yield finding(UNKNOWN, text, demanded=False)
    elif server.security == "none":
        yield finding(WRONG, 'mail goes to the relay unencrypted; set "starttls" or "tls"')
    elif not connected:
        text = (
            f"{server.security} is set and was not tried: `syndicate doctor --connect` connects, "
            "checks the certificate and logs in"
        )
        yield finding(UNKNOWN, text, demanded=False)
    if server.security != "none" and not server.verify and not is_local:
        text = (
            "anybody on the network path can pose as the relay; set it to true, and SSL_CERT_FILE "
            "to the certificate of its issuer"
        )
        yield Finding("TLS", f"{table}.verify", WRONG, text, demanded=False)


def _one_click(config: Config) -> Finding:
    """Check that one-click unsubscribing uses HTTPS and a public address (RFC 8058, 3.1)."""
    where = "web.url" if config.web.url else "publication.url"
    if has_public_address(config):
        text = f"readers unsubscribe with one click at {config.web_url}; that was not tried"
        return Finding("one-click", where, OK, text)
    text = f"expected a public https address, not {config.web_url}"
    return Finding("one-click", where, WRONG, text)


def _exposed_secrets(config: Config, servers: Sequence[RelaySettings]) -> Iterator[Finding]:
    """Find the secrets that every user of this machine can read."""
    files = [
        *(("password", server.name, server.password_file) for server in servers),
        *(("key", settings.selector, settings.key_file) for settings in config.mail.dkim),
        ("password", "bounces.imap", config.bounces.imap.password_file),
        *(("secret", f"hooks.{hook.name}", hook.secret_file) for hook in config.hooks),
    ]
    for check, where, file in files:
        try:
            mode = config.path(file).stat().st_mode if file is not None else 0
        except OSError:  # reported as missing
            continue
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            text = f"every user of this machine can read it: chmod 600 {file}"
            yield Finding(check, where, WRONG, text, demanded=False)

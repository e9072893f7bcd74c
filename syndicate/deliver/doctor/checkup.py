"""Everything that decides whether mail is taken, in the order in which it is told."""

import stat
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from syndicate.config import Config, Security, Transport
from syndicate.config.checks import is_loopback
from syndicate.config.dkim import domain_name
from syndicate.deliver.dkim import Keyring
from syndicate.deliver.doctor import relay, senders
from syndicate.deliver.doctor.finding import Finding, State
from syndicate.deliver.doctor.relay import Origin
from syndicate.deliver.doctor.resolver import Resolver
from syndicate.deliver.doctor.spf import Spf
from syndicate.errors import CallFailed


def checkup(
    config: Config, resolver: Resolver, *, own: Sequence[str] = (), selectors: Sequence[str] = ()
) -> Iterator[Finding]:
    """Look at the configuration, and at what DNS says of its domains and its relay.

    `own` are the public addresses of this machine, `selectors` those of a relay
    that signs. Raise ConfigError for a key that can't be read.
    """
    keyring = Keyring.of(config)
    spf = Spf(resolver)
    yield from _configured(config)
    origin, unanswered = _origin(config, resolver, own)
    permit = origin.permit if origin else f"a:{config.mail.host}"
    domains = []
    for name in _domains(config):
        if "." not in name:
            said = "nobody outside can know that domain; set mail.from to one that is yours"
            yield Finding(check="from", where=name, state=State.WRONG, said=said)
            continue
        domains.append(name)
        signer = keyring.signer(name)
        seals = signer.seals if signer else ()
        yield from senders.domain(
            name, resolver, spf, seals=seals, selectors=selectors, permit=permit
        )
    if unanswered:
        yield unanswered
    if origin is not None:
        yield from relay.relay(origin, domains, resolver, spf)


def _domains(config: Config) -> list[str]:
    """List the domains that mail is from, in ASCII."""
    mailboxes = [config.sender(each) for each in config.newsletters] or [config.mail.sender]
    return list(dict.fromkeys(domain_name(each.domain) for each in mailboxes))


def _origin(
    config: Config, resolver: Resolver, own: Sequence[str]
) -> tuple[Origin | None, Finding | None]:
    try:
        return Origin.of(config, resolver, own), None
    except CallFailed as error:
        host = config.mail.host
        return None, Finding(check="relay", where=host, state=State.UNKNOWN, said=str(error))


def _configured(config: Config) -> Iterator[Finding]:
    yield _way_out(config)
    if config.mail.transport is Transport.SMTP:
        yield _tls(config)
    yield _one_click(config)
    yield _postal_address(config)
    for dkim in config.mail.dkim:
        if dkim.key_file is None:
            continue
        mode = config.path(dkim.key_file).stat().st_mode
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            said = f"every user of this machine can read it: chmod 600 {dkim.key_file}"
            yield Finding(
                check="key", where=dkim.selector, state=State.WRONG, said=said, demanded=False
            )


def _way_out(config: Config) -> Finding:
    check, where = "transport", "mail.transport"
    if config.mail.transport is Transport.SMTP:
        said = f"mail is handed to {config.mail.host}:{config.mail.server_port}"
        return Finding(check=check, where=where, state=State.OK, said=said)
    said = 'mail goes into a folder; set it to "smtp" to send'
    return Finding(check=check, where=where, state=State.WRONG, said=said, demanded=False)


def _tls(config: Config) -> Finding:
    check, where = "TLS", "mail.security"
    if config.mail.security is not Security.NONE:
        said = f"mail is handed over by {config.mail.security}"
        return Finding(check=check, where=where, state=State.OK, said=said)
    if is_loopback(config.mail.host):
        said = "the relay is on this machine; see to it that it uses TLS itself"
        return Finding(check=check, where=where, state=State.OK, said=said)
    said = 'mail goes to the relay in the open; set "starttls" or "tls"'
    return Finding(check=check, where=where, state=State.WRONG, said=said)


def _one_click(config: Config) -> Finding:
    """Whether one-click unsubscribing works: by HTTPS, from everywhere (RFC 8058, 3.1)."""
    address = urlsplit(config.web_url)
    check, where = "one-click", "web.url" if config.web.url else "publication.url"
    if address.scheme == "https" and not is_loopback(address.hostname or ""):
        said = f"readers unsubscribe with one click at {config.web_url}"
        return Finding(check=check, where=where, state=State.OK, said=said)
    said = f"expected an https address that all can reach, not {config.web_url}"
    return Finding(check=check, where=where, state=State.WRONG, said=said)


def _postal_address(config: Config) -> Finding:
    check, where = "address", "publication.postal_address"
    if config.publication.postal_address:
        said = "it stands at the foot of every mail"
        return Finding(check=check, where=where, state=State.OK, said=said)
    said = "the law wants a postal address at the foot of every mail"
    return Finding(check=check, where=where, state=State.MISSING, said=said, demanded=False)

"""`dkim-keygen` and `doctor`: sign mail, and check what keeps it from being accepted."""

import json
import os
import re
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Exit, Option

from syndicate.cli.console import echo, echo_json, echo_table, note
from syndicate.cli.context import AsJson, CommandContext, check_option
from syndicate.errors import ConfigError, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from syndicate.config.sections.mail import PrivateKey
    from syndicate.deliver.doctor.dns_records import Resolver
    from syndicate.deliver.doctor.findings import Finding

_TXT_STRING_LENGTH = 255
"""Bytes in one string of a TXT record (RFC 1035, 3.3)."""
_RSA_BITS = 2048
_NAMESERVER = re.compile(
    r"(\[(?P<six>[^\]]+)\]|(?P<address>[^:]+|[0-9A-Fa-f:]+?))(:(?P<port>\d{1,5}))?"
)


def dkim_keygen(
    command: CommandContext,
    *,
    selector: Annotated[
        str, Option(help="The prefix of their names in DNS; new keys need a new one.")
    ] = "syndicate",
    domain: Annotated[
        str | None, Option(help="The domain that signs.", show_default="that of mail.from")
    ] = None,
    out: Annotated[
        Path | None,
        Option(metavar="DIR", help="Where to write them.", show_default="dkim, beside config.toml"),
    ] = None,
) -> None:
    """Generate the keys that sign mail, and print how to set them up."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # noqa: PLC0415 - start-up

    from syndicate.deliver.message.dkim import dns_record  # noqa: PLC0415

    signing_domain = _signing_domain(command, domain)
    root = command.path.absolute().parent
    folder = root / "dkim" if out is None else out
    names = [_check_selector(f"{selector}-{kind}") for kind in ("rsa", "ed25519")]
    keys: list[PrivateKey] = [
        rsa.generate_private_key(65537, _RSA_BITS),
        ed25519.Ed25519PrivateKey.generate(),
    ]
    files = [folder / f"{name}.pem" for name in names]
    _save(dict(zip(files, keys, strict=True)))
    for name, file in zip(names, map(Path.absolute, files), strict=True):
        within = file.relative_to(root) if file.is_relative_to(root) else file
        echo("[[mail.dkim]]")
        echo(f"selector = {json.dumps(name)}")
        if domain is not None:
            echo(f"domain = {json.dumps(signing_domain)}")
        echo(f"key_file = {json.dumps(str(within), ensure_ascii=False)}")
        echo()
    for name, key in zip(names, keys, strict=True):
        echo(_txt_entry(f"{name}._domainkey.{signing_domain}", dns_record(key)))
    note(
        f"next: the tables into {command.path.name}, the records into DNS, then `syndicate doctor`"
    )


def doctor(
    command: CommandContext,
    *,
    selector: Annotated[
        list[str] | None,
        Option(metavar="NAME", help="A key that the relay signs with; may be repeated."),
    ] = None,
    nameserver: Annotated[
        str | None, Option(metavar="ADDRESS", help="The server to ask. Default: this machine's.")
    ] = None,
    connect: Annotated[
        bool,
        Option(
            "--connect",
            help="Connect to each relay and the mailbox for bounces, check certificates and "
            "log in; nothing is sent.",
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """Check what keeps mail from arriving, or bounces from coming back.

    That is SPF, DKIM, DMARC, MX, PTR and the configuration; what to publish is printed.
    """
    from syndicate.deliver.doctor.checkup import checkup  # noqa: PLC0415 - start-up
    from syndicate.deliver.doctor.dns_records import own_addresses  # noqa: PLC0415
    from syndicate.feedback.doors.mailbox_check import check_mailbox  # noqa: PLC0415

    config = command.config
    selectors = [_check_selector(name) for name in selector or ()]
    dns, own = _resolver(nameserver), own_addresses()
    findings = list(checkup(config, dns, own=own, selectors=selectors, connects=connect))
    if connect:
        findings.extend(check_mailbox(config))
    if json:
        echo_json([{**asdict(finding), "state": str(finding.state)} for finding in findings])
    else:
        _print_findings(findings)
    failing = dict.fromkeys(finding.check for finding in findings if finding.fails)
    if failing:
        note(f"missing or not visible, but mailbox providers require it: {', '.join(failing)}")
        raise Exit(1)


def _print_findings(findings: "Sequence[Finding]") -> None:
    """Print a table, then the records to publish as in a zone file."""
    rows = [
        (str(finding.state), finding.check, finding.where, finding.said) for finding in findings
    ]
    echo_table(("state", "check", "where", "found"), rows)
    entries = dict.fromkeys(found.publish for found in findings if found.publish is not None)
    if entries:
        echo()
        echo("to publish:")
    for entry in entries:
        dot = "" if entry.type in {"A", "AAAA"} else "."  # as in a zone file (RFC 1035, 5.1)
        line = f"{entry.name}. IN {entry.type} {entry.value}{dot}"
        echo(_txt_entry(entry.name, entry.value) if entry.type == "TXT" else line)


def _signing_domain(command: CommandContext, option: str | None) -> str:
    """Return the domain to sign as; if one is given, the config isn't read."""
    from syndicate.config.values import domain_name  # noqa: PLC0415 - start-up

    try:
        name = domain_name(option if option is not None else command.config.mail.sender.domain)
    except ValueError as error:
        raise ConfigError(f"--domain {option!r} — {error}") from error
    if "." not in name:
        raise ConfigError(f"mail.from is at {name}; set it, or add --domain example.org")
    return name


def _check_selector(selector: str) -> str:
    from syndicate.config.values import DkimSelector  # noqa: PLC0415 - start-up

    expected = 'expected letters, digits and - such as "news-2026"'
    check_option("--selector", selector, DkimSelector, expected)
    return selector


def _save(keys: "Mapping[Path, PrivateKey]") -> None:
    """Write keys that only we can read; raise Refused, before writing, if a file exists."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415 - start-up

    for path in keys:
        if path.exists() or path.is_symlink():
            raise Refused(f"{path} exists already; nothing was changed: choose another --selector")
    try:
        for path, key in keys.items():
            if not path.parent.exists():
                path.parent.mkdir(parents=True, mode=0o700)
                (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(file, "wb") as opened:  # noqa: PTH123 - a descriptor, with its mode
                opened.write(pem)
    except OSError as error:
        raise Refused(f"{error.filename}: can't be written: {error.strerror}") from error


def _resolver(nameserver: str | None) -> "Resolver":
    from syndicate.deliver.doctor.dns_records import Resolver  # noqa: PLC0415 - start-up

    if nameserver is None:
        return Resolver()
    match = _NAMESERVER.fullmatch(nameserver)
    try:
        address = str(ip_address(match["six"] or match["address"] if match else ""))
    except ValueError as error:
        expected = 'expected an address such as "9.9.9.9" or "127.0.0.1:5353"'
        raise ConfigError(f"--nameserver {nameserver!r} — {expected}") from error
    assert match is not None
    return Resolver((address,), port=int(match["port"] or 53))


def _txt_entry(name: str, value: str) -> str:
    strings = re.findall(f".{{1,{_TXT_STRING_LENGTH}}}", value)
    quoted = " ".join('"{}"'.format(text.replace('"', r"\"")) for text in strings)
    return f"{name}. IN TXT {quoted if len(strings) == 1 else f'( {quoted} )'}"

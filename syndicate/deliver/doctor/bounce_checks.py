"""Checks that bounces and complaints reach us: the address, a way in, and the providers' hooks."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from syndicate.config import Config
from syndicate.config.loopback import is_loopback
from syndicate.deliver.doctor.findings import MISSING, OK, WRONG, Finding, listed


def check_feedback(config: Config) -> Iterator[Finding]:
    """Check `[bounces]` and `[[hooks]]`; nothing of it makes a provider refuse mail."""
    yield _bounces(config)
    yield from _maildir(config)
    imap = config.bounces.imap
    if imap.host is not None and not is_loopback(imap.host):
        finding = partial(Finding, "mailbox", demanded=False)
        if imap.security == "none":
            text = 'its password crosses the network unencrypted; set "tls"'
            yield finding("bounces.imap.security", WRONG, text)
        elif not imap.verify:
            text = "anybody on the network path can pose as the server and learn the password"
            yield finding("bounces.imap.verify", WRONG, text)
    yield _mailto(config)
    for hook in config.hooks:
        yield _hook(config, hook.name, hook.kind)


def has_public_address(config: Config) -> bool:
    """Whether pages are at an https address other than this machine's, as far as its name says."""
    url = urlsplit(config.web_url)
    return url.scheme == "https" and not is_loopback(url.hostname or "")


def _bounces(config: Config) -> Finding:
    finding = partial(Finding, "bounces", "bounces.address", demanded=False)
    bounces, providers = config.bounces, [f"hooks.{hook.name}" for hook in config.hooks]
    ways = [
        *([f"IMAP at {bounces.imap.host}"] if bounces.imap.host is not None else ()),
        *([f"the Maildir {bounces.maildir}"] if bounces.maildir is not None else ()),
        *(["`syndicate bounce`"] if bounces.pipe else ()),
    ]
    if bounces.address is not None and ways:
        return finding(OK, f"bounces to {bounces.address.address} come in by {listed(ways)}")
    if bounces.address is not None and not providers:
        text = (
            f"bounces arrive at an address that nobody reads, {bounces.address.address}: set "
            "bounces.imap, bounces.maildir or bounces.pipe"
        )
        return finding(WRONG, text)
    if providers:
        return finding(OK, f"bounces and complaints are reported by {listed(providers)}")
    text = (
        "bounces go to each newsletter's sender, where nothing counts them; set bounces.address "
        "and a way in"
    )
    return finding(MISSING, text)


def _maildir(config: Config) -> Iterator[Finding]:
    if config.bounces.maildir is None:
        return
    folder = config.path(config.bounces.maildir)
    finding = partial(Finding, "Maildir", "bounces.maildir", WRONG, demanded=False)
    if fault := _maildir_fault(folder):
        yield finding(f"{fault}; your mail server makes it, or `mkdir -p {folder}/{{new,cur,tmp}}`")
    elif not all(os.access(folder / name, os.R_OK | os.W_OK | os.X_OK) for name in ("new", "cur")):
        yield finding(f"this user may not move mail in {folder}/new and {folder}/cur")


def _maildir_fault(folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder}"
    absent = [name for name in ("new", "cur", "tmp") if not (folder / name).is_dir()]
    return f"{folder} is no Maildir: it has no {listed(absent)}" if absent else ""


def _mailto(config: Config) -> Finding:
    finding = partial(Finding, "mailto", "bounces.address", demanded=False)
    if config.bounces.has_door:
        return finding(OK, "readers can also unsubscribe by mail (mailto: in List-Unsubscribe)")
    text = (
        "readers can't unsubscribe by mail, which some mail programs offer; it needs "
        "bounces.address and bounces.imap, bounces.maildir or bounces.pipe"
    )
    return finding(MISSING, text)


def _hook(config: Config, name: str, kind: str) -> Finding:
    finding = partial(Finding, "hook", f"hooks.{name}", demanded=False)
    address = f"{config.web_url}/hooks/{name}"
    caller = "your service" if kind == "standard" else kind
    if has_public_address(config):
        return finding(OK, f"{caller} has to call {address}; that was not tried")
    return finding(WRONG, f"{caller} can't call {address}; web.url needs a public https address")

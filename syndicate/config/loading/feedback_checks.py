"""Checks of `[bounces]` and `[[hooks]]`: that each has what it needs, and nothing in vain."""

from collections.abc import Iterator
from typing import Any

from syndicate.config.loading.raw_tables import both_keys, items_of, repeated_names, table_of
from syndicate.config.loading.toml_positions import Loc, Mistake
from syndicate.config.sections.feedback import ImapSettings

_FOLDERS = ("folder", "done", "unread")


def check_feedback(data: dict[str, Any]) -> Iterator[Mistake]:
    """Find doors without an address, mailboxes without a login, and hooks without a secret."""
    bounces = table_of(data, "bounces")
    yield from _doors(bounces)
    if "address" not in bounces:
        yield from _relays(table_of(data, "mail"))
    yield from repeated_names(data, "hooks")
    for number, hook in items_of(data, "hooks"):
        yield from _hook(("hooks", number), hook)


def _doors(bounces: dict[str, Any]) -> Iterator[Mistake]:
    imap, loc = table_of(bounces, "imap"), ("bounces", "imap")
    if "address" not in bounces:
        needed = "needs bounces.address, which the reports are sent to"
        for key in ("maildir", "pipe"):
            if bounces.get(key):
                yield ("bounces", key), needed
        if "host" in imap:
            yield (*loc, "host"), needed
    if "host" not in imap:
        for key in imap:
            yield (*loc, key), "has no effect without host"
        return
    yield from both_keys(loc, imap, "password_env", "password_file")
    if not imap.get("username"):
        yield (*loc, "host"), "needs username, and password_env or password_file"
    elif "password_env" not in imap and "password_file" not in imap:
        yield (*loc, "username"), "needs password_env or password_file"
    defaults = ImapSettings.model_fields
    names = [str(imap.get(key, defaults[key].default)) for key in _FOLDERS]
    # of all names only INBOX is the same in any case (RFC 9051, 5.1)
    if len({"INBOX" if name.upper() == "INBOX" else name for name in names}) < len(names):
        yield loc, "folder, done and unread have to be three folders"


def _relays(mail: dict[str, Any]) -> Iterator[Mistake]:
    relays = [(("mail", "relays", number), relay) for number, relay in items_of(mail, "relays")]
    for loc, server in (("mail",), mail), *relays:
        if server.get("verp") is False:
            yield (*loc, "verp"), "has no effect without bounces.address"


def _hook(loc: Loc, hook: dict[str, Any]) -> Iterator[Mistake]:
    kind = hook.get("kind")
    secrets = [key for key in ("secret_env", "secret_file") if key in hook]
    if kind == "ses":
        if "topic" not in hook:
            yield (*loc, "kind"), "needs topic, the ARN of the SNS topic that may report"
        for key in secrets:
            yield (*loc, key), "has no effect: Amazon signs with a certificate"
        return
    yield from both_keys(loc, hook, "secret_env", "secret_file")
    if "topic" in hook:
        yield (*loc, "topic"), 'has an effect only with kind = "ses"'
    if isinstance(kind, str) and not secrets:
        yield (*loc, "kind"), "needs secret_env or secret_file"

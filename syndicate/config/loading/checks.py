"""Checks that the tables of config.toml agree with each other, before they are parsed.

These checks run even where the models find mistakes: they look only at values of the
right type, and leave the others to the models. Whether secrets can be read is not checked.
"""

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from syndicate.clock import format_duration, parse_duration
from syndicate.config.cron import parse as parse_cron
from syndicate.config.loading.toml_positions import SECRET, Loc, Mistake
from syndicate.config.loopback import is_loopback, is_loopback_url
from syndicate.config.secret import mask_secrets
from syndicate.config.sections.mail import SHARED_KEYS, DkimKeySettings, MailSettings, SmtpServer
from syndicate.config.sections.publication import PAIRS, Colours, DarkColours, contrast
from syndicate.config.segment_expression import Subject, find_names, needs_click_tracking, parse
from syndicate.config.values import Mailbox, domain_name, split_mailbox
from syndicate.text import closest_match

_LOGOS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""What feed readers and mail programs show; they don't show SVG."""
_COVERS = (".png", ".jpg", ".jpeg")
"""What podcast directories take."""
_MASTHEADS = (*_LOGOS, ".svg")
"""What browsers show."""
_LOCAL_URL = "http://127.0.0.1:8000"
_DEFAULT_FROM = str(MailSettings().sender)


def check(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Find what contradicts itself; relative paths start at `root`."""
    for kind in ("newsletters", "schedules", "feeds", "segments"):
        yield from _repeated_names(data, kind)
    for number, feed in _items(data, "feeds"):
        if feed.get("name") == "private":
            reserved = "is kept for the feeds of single readers; give it another name"
            yield ("feeds", number, "name"), f"/feeds/private/ {reserved}"
    yield from _intake(data, root)
    yield from _schedules(data)
    yield from _segments(data)
    yield from _file(data, "publication", "logo", root, _LOGOS)
    yield from _file(data, "publication", "icon", root, _LOGOS)
    yield from _file(data, "podcast", "image", root, _COVERS)
    yield from _file(data, "theme", "logo", root, _MASTHEADS)
    yield from _file(data, "theme", "logo_dark", root, _MASTHEADS)
    yield from _file(data, "signup", "disposable_domains", root)
    theme = _table(data, "theme")
    shows_logo = theme.get("masthead") == "logo"
    if shows_logo and "logo" not in theme and "logo" not in _table(data, "publication"):
        yield ("theme", "masthead"), "there is no logo; set theme.logo or publication.logo"
    yield from _colours(theme)
    yield from _both(("web",), _table(data, "web"), "monitor_token_env", "monitor_token_file")
    options = _table(data, "publish").get("mirror_options")
    yield from _without_secrets(("publish", "mirror_options"), options)
    yield from _reviewers(data)
    yield from _mail(data)


def _reviewers(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that each reviewer is named once: a link is known by the address."""
    named = set[str]()
    written = _table(data, "review").get("reviewers")
    for number, reviewer in enumerate(written if isinstance(written, list) else ()):
        address = split_mailbox(str(reviewer))[1].lower()
        if address in named:
            yield ("review", "reviewers", number), f"{address} is named already; remove one of them"
        named.add(address)


def _schedules(data: dict[str, Any]) -> Iterator[Mistake]:
    for number, item in _items(data, "schedules"):
        if ("every" in item) == ("cron" in item):
            timing = 'needs either every = "10m" or cron = "0 7 * * mon-fri", one of them'
            yield ("schedules", number), timing
        for key, kind in (("newsletter", "newsletters"), ("segment", "segments")):
            name, known = item.get(key), _known(data, kind)
            if isinstance(name, str) and name not in known:
                yield ("schedules", number, key), _unknown_name(name, known, key)
        # the models report these
        with suppress(TypeError, ValueError, KeyError, AttributeError, OverflowError):
            gap = _shortest_gap(item)
            if "hold" in item and parse_duration(item["hold"]) >= gap:
                never_sent = (
                    f"expected less than the {format_duration(gap)} between two slots: the next "
                    "edition takes over the articles of one that is held, so none would be sent"
                )
                yield ("schedules", number, "hold"), never_sent


def _shortest_gap(schedule: dict[str, Any]) -> timedelta:
    """Return the shortest time between two slots, on a day without a change of the clocks."""
    if "every" in schedule:
        return parse_duration(schedule["every"])
    cron = parse_cron(schedule["cron"])
    times = sorted(timedelta(hours=hour, minutes=m) for hour in cron.hours for m in cron.minutes)
    following = [*times[1:], times[0] + timedelta(days=1)]
    return min(after - before for before, after in zip(times, following, strict=True))


def _segments(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that the newsletters of an expression exist; the model checks its grammar."""
    known = _known(data, "newsletters")
    tracked = any(item.get("tracking") == "readers" for _, item in _items(data, "newsletters"))
    for number, item in _items(data, "segments"):
        where = item.get("where")
        try:
            expression = parse(where if isinstance(where, str) else "")
        except ValueError:
            continue
        if needs_click_tracking(expression) and not tracked:
            untracked = 'engaged needs a newsletter with tracking = "readers", and there is none'
            yield ("segments", number, "where"), untracked
        for name in find_names(expression, Subject.NEWSLETTER):
            if name not in known:
                unknown = _unknown_name(name, known, "newsletter")
                yield ("segments", number, "where"), f'newsletter = "{name}": {unknown}'


def _known(data: dict[str, Any], kind: str) -> list[str]:
    return [str(item["name"]) for _, item in _items(data, kind) if "name" in item]


def _unknown_name(name: str, known: list[str], kind: str) -> str:
    if not known:
        return f"there is no {kind}; add [[{kind}s]]"
    match = closest_match(name, known)
    if match:
        return f"there is no such {kind}; did you mean {match}?"
    return f"there is no such {kind}; there are {', '.join(known)}"


def _file(
    data: dict[str, Any], name: str, key: str, root: Path, suffixes: Sequence[str] = ()
) -> Iterator[Mistake]:
    """Check that a file exists; with `suffixes`, in a format that is shown where it is used."""
    file = _table(data, name).get(key)
    if not isinstance(file, str):
        return
    if suffixes and Path(file).suffix.lower() not in suffixes:
        *others, last = suffixes
        yield (name, key), f"expected a picture that ends in {', '.join(others)} or {last}"
        return
    try:
        (root / file).open("rb").close()
    except (OSError, ValueError):  # ValueError: no file has such a name
        yield (name, key), "there is no such file; put it there, or remove the key"


def _colours(theme: dict[str, Any]) -> Iterator[Mistake]:
    for name, model in (("light", Colours), ("dark", DarkColours)):
        given = _table(theme, name)
        try:
            colours = model.model_validate(given).model_dump()
        except ValidationError:
            continue
        for text, background, minimum in PAIRS:
            ratio = contrast(colours[text], colours[background])
            if ratio < minimum:
                key = text if text in given or background not in given else background
                shown = math.floor(ratio * 10) / 10  # so that 4.46 isn't the 4.5 that is expected
                low = (
                    f"{text} {colours[text]} on {background} {colours[background]} has a contrast "
                    f"of {shown} : 1; expected {minimum:g} : 1 or more"
                )
                yield ("theme", name, key), low


def _without_secrets(loc: Loc, options: object) -> Iterator[Mistake]:
    """Check that config.toml has no credentials of the storage."""
    for name, value in options.items() if isinstance(options, dict) else ():
        if SECRET.search(name):
            yield (*loc, name), "secrets come from the environment, such as AWS_SECRET_ACCESS_KEY"
        yield from _without_secrets((*loc, name), value)


def _repeated_names(data: dict[str, Any], kind: str, loc: Loc = ()) -> Iterator[Mistake]:
    """Find tables of a list, inside of the table at `loc`, whose name another one has."""
    names = set[str]()
    for number, item in _items(data, kind):
        name = item.get("name")
        if isinstance(name, str):
            if name in names:
                yield (*loc, kind, number, "name"), f"there are two {kind} of that name"
            names.add(name)


def _both(loc: Loc, data: dict[str, Any], first: str, second: str) -> Iterator[Mistake]:
    if first in data and second in data:
        yield (*loc, second), f"expected one of {first} and {second}, not both"


def _intake(data: dict[str, Any], root: Path) -> Iterator[Mistake]:
    """Refuse a folder of edition files with the articles in it, which would be none then."""
    intake = _table(data, "intake")
    written = intake.get("editions", "editions"), intake.get("folder", "articles")
    if not all(isinstance(folder, str) for folder in written):
        return
    editions, articles = (Path(os.path.normpath(root / folder)) for folder in written)
    if articles.is_relative_to(editions):
        what = "the folder of the articles" if articles == editions else "above the articles"
        key = "editions" if "editions" in intake else "folder"
        yield ("intake", key), f"{what}; expected another one, such as editions"


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a table inside of another one; an empty one where it is missing or no table."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _items(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Iterate over a list of tables, numbered; over nothing where it is missing or no list."""
    values = data.get(name)
    for number, item in enumerate(values if isinstance(values, list) else []):
        if isinstance(item, dict):
            yield number, item


def _mail(data: dict[str, Any]) -> Iterator[Mistake]:
    mail = _table(data, "mail")
    sends = mail.get("transport") == "smtp"
    if sends:
        yield from _going_live(data)
    if mail.get("relays"):
        yield from _relays(mail)
    yield from _limits(mail)
    for loc, server in _servers(mail):
        yield from _both(loc, server, "password_env", "password_file")
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
    for number, relay in _items(mail, "relays"):
        yield ("mail", "relays", number), relay


def _going_live(data: dict[str, Any]) -> Iterator[Mistake]:
    """Check that mail by a mail server says who it is from, and that readers can follow its links.

    A server on this machine may send to everywhere, or catch test mail: a `url` that leads to
    this machine says that it is a catcher.
    """
    publication = _table(data, "publication")
    given = (server.get("host", "localhost") for _, server in _servers(_table(data, "mail")))
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
        if is_loopback_url(_table(data, name).get("url")):
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
    yield from _repeated_names(mail, "relays", ("mail",))
    if all(relay.get("weight", 1) == 0 for _, relay in _servers(mail)):
        unused = "no relay has a weight of 1 or more, so none is the one that mail leaves by"
        yield ("mail", "relays", 0, "weight"), unused


def _limits(mail: dict[str, Any]) -> Iterator[Mistake]:
    limited = set[str]()
    for number, limit in _items(mail, "limits"):
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
    tables = _table(data, "mail").get("dkim")
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
    newsletters = list(_items(data, "newsletters"))
    senders: list[tuple[Loc, object]] = [
        (("newsletters", number, "from"), newsletter["from"])
        for number, newsletter in newsletters
        if "from" in newsletter
    ]
    if not senders or len(senders) < len(newsletters):
        senders.insert(0, (("mail", "from"), _table(data, "mail").get("from", _DEFAULT_FROM)))
    for loc, sender in senders:
        try:
            yield loc, domain_name(Mailbox.parse(str(sender)).domain)
        except ValueError:  # the model reports it
            continue

"""`init`, `check`, `migrate`, `templates`: a publication as a whole."""

import json
import string
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, command_context
from syndicate.cli.terminal.console import echo, echo_json, echo_table, format_slot_time, note
from syndicate.errors import ConfigError, Refused

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.model.articles import Article
    from syndicate.publish.output.media import MediaFault

WELCOME = """\
---
title: {title}
summary: The first article of this publication; change it, or delete it and file your own.
---

This is an article. It lies in `articles/welcome.md`, and everything about it is
in that one file: the keys between the dashes, and the text below them.

To publish another, save a file beside it:

```
---
title: The harbour tram opens on Sunday
section: City
breaking: true
---

Text in Markdown.
```

`syndicate run` takes it in within two seconds. Without `run`, say
`syndicate import articles` and then `syndicate build`.
"""
IGNORED = "/syndicate.db*\n/media/\n/outbox/\n/feeds/\n*.refused.csv\n"
"""What the program makes and git leaves alone; anchored, so that `articles/media/` is kept."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(check)
    app.command()(migrate)
    group = typer.Typer(no_args_is_help=True, help="The templates of pages and mail.")
    group.command()(copy)
    group.callback()(lambda: None)
    app.add_typer(group, name="templates")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make it in.")],
) -> None:
    """Make a new publication: config.toml, a welcome article, .gitignore."""
    from syndicate.body.markup import printable  # noqa: PLC0415
    from syndicate.config.loading.initial import initial_config  # noqa: PLC0415 - start-up

    config = folder / "config.toml"
    if config.exists():
        raise Refused(f"{config} exists already; nothing was changed")
    name = folder.resolve().name.replace("-", " ").replace("_", " ")
    title = string.capwords(printable(name)) or "My Publication"
    welcome = json.dumps(f"Welcome to {title}", ensure_ascii=False)  # a string of YAML, too
    written = {
        config: initial_config(title, uuid.uuid4()),
        folder / "articles" / "welcome.md": WELCOME.format(title=welcome),
        folder / ".gitignore": IGNORED,
    }
    try:
        for path, text in written.items():
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{folder}: can't be written: {error.strerror}") from error
    for path in written:
        echo(str(path))
    note(f"next: syndicate --config {config} run")


def check(context: typer.Context, *, json: AsJson = False) -> None:
    """Read config and templates; print when each schedule is due next, and every mistake."""
    from syndicate.cli.articles.unmatched_selections import unmatched_selections  # noqa: PLC0415 - start-up
    from syndicate.publish.mirror.mirror import Mirror  # noqa: PLC0415
    from syndicate.render.template_check import check_templates  # noqa: PLC0415
    from syndicate.render.templates import Templates  # noqa: PLC0415

    command = command_context(context)
    try:
        config = command.config
    except ConfigError as error:
        if json:
            nothing: dict[str, Any] = {"schedules": [], "unknown_keys": {}, "warnings": []}
            echo_json(nothing | {"mistakes": list(error.lines)})
        raise
    Mirror.of(config)
    mistakes = check_templates(config, Templates.of(config))
    schedules = _upcoming(config)
    articles = _stored_articles(config)
    unknown = dict(sorted(Counter(key for article in articles for key in article.extra).items()))
    media = _media_faults(config, articles)
    warnings = list(_warnings(command.path, config, unknown, media))
    warnings += unmatched_selections(config, articles)
    if json:
        echo_json(
            {
                "schedules": schedules,
                "unknown_keys": unknown,
                "media": [asdict(fault) for fault in media],
                "warnings": warnings,
                "mistakes": mistakes,
            }
        )
    else:
        _print_schedules(config, schedules)
        for warning in warnings:
            note(warning)
        for mistake in mistakes:
            note(str(mistake))
    if mistakes:
        raise typer.Exit(2)
    note(f"{command.path}: no mistakes")


def _warnings(
    path: Path, config: "Config", unknown: dict[str, int], media: Sequence["MediaFault"]
) -> Iterator[str]:
    """Iterate over what is no mistake in the config, and has to be put right all the same."""
    from syndicate.cli.operation.permissions import find_readable_by_others  # noqa: PLC0415 - start-up
    from syndicate.config import secret_warnings  # noqa: PLC0415
    from syndicate.publish.output.media import warnings  # noqa: PLC0415
    from syndicate.publish.push.change_notifier import unheard  # noqa: PLC0415

    for key, count in unknown.items():
        have = "1 article has it" if count == 1 else f"{count} articles have it"
        yield f"articles: the key {key!r} means nothing to Syndicate ({have})"
    yield from map(str, warnings(media))
    if _behind_a_proxy(config):
        yield (
            "web.proxies: readers come by way of a proxy, since their address is https, and "
            "none is named; until then all of them count as one network when they sign up"
        )
    yield from unheard(config)
    yield from secret_warnings(path, config)
    yield from _for_this_machine_alone(config)
    yield from find_readable_by_others(config)
    yield from _left_behind(config)


def _left_behind(config: "Config") -> list[str]:
    """Return which readers and stories the names in the config reach no more."""
    from syndicate.schedule.orphans import find_orphans  # noqa: PLC0415 - start-up
    from syndicate.store import Store  # noqa: PLC0415

    if not Store.exists(config):  # a check makes none
        return []
    store = Store.of(config)
    try:
        return find_orphans(store, config, at=clock.now())
    finally:
        store.close()


def _for_this_machine_alone(config: "Config") -> Iterator[str]:
    """Say what readers miss where mail is for a catcher on this machine, or is thought to be."""
    from syndicate.config import TransportKind  # noqa: PLC0415 - start-up
    from syndicate.config.loopback import is_loopback_url  # noqa: PLC0415

    if config.mail.transport is not TransportKind.SMTP:
        return
    host = config.mail.servers[0].host
    for key, url in (("publication.url", config.publication.url), ("web.url", config.web.url)):
        if is_loopback_url(url):
            yield (
                f"{key}: mail goes out by {host}, and its links lead to this machine: fit for a "
                "catcher of test mail, and for no reader"
            )
    if not config.publication.postal_address:
        yield (
            "publication.postal_address: missing; the law wants one at the foot of every mail to "
            "readers"
        )


def _behind_a_proxy(config: "Config") -> bool:
    """Whether a proxy stands in front that isn't named: we speak no TLS ourselves."""
    through = config.web_url.startswith("https:")
    return through and config.signup.enabled and not config.web.proxies


def migrate(context: typer.Context) -> None:
    """Bring the store to this version's schema. Other commands do so by themselves."""
    with command_context(context).store() as store:
        for name in store.migrations:
            echo(f"migrated to {name}")
        if not store.migrations:
            echo("up to date")


def copy(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Such as email/digest.mjml, or digest for both twins.")
    ],
) -> None:
    """Copy a template of the package into the publication, to be edited there."""
    from syndicate.render.templates import PACKAGED, Templates  # noqa: PLC0415 - start-up

    command = command_context(context)
    names = Templates().names()
    wanted = [one for one in names if name in {one, Path(one).stem}]
    if not wanted:
        raise Refused(f"no template is called {name!r}; there are: {', '.join(names)}")
    targets = {one: command.config.templates / one for one in wanted}
    for target in targets.values():
        if target.exists():
            raise Refused(f"{target} exists already; nothing was changed")
    for one, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((PACKAGED / one).read_bytes())
        echo(str(target))


def _upcoming(config: "Config") -> list[dict[str, Any]]:
    from syndicate.model.due_slots import schedule_timing  # noqa: PLC0415 - start-up

    now = clock.now()
    return [
        {
            "schedule": schedule.name,
            "newsletter": schedule.newsletter,
            "timezone": str(config.zone(schedule)),
            "next": [
                slot.due_at.astimezone(config.zone(schedule)).isoformat()
                for slot in schedule_timing(schedule, config.zone(schedule)).upcoming(now, 3)
            ],
        }
        for schedule in config.schedules
    ]


def _print_schedules(config: "Config", schedules: list[dict[str, Any]]) -> None:
    rows = []
    for schedule in schedules:
        zone = next(config.zone(s) for s in config.schedules if s.name == schedule["schedule"])
        slots = [format_slot_time(clock.parse_time(slot, zone), zone) for slot in schedule["next"]]
        rows.append((schedule["schedule"], schedule["newsletter"], *slots, schedule["timezone"]))
    echo_table(("schedule", "newsletter", "next", "", "", "zone"), rows)


def _stored_articles(config: "Config") -> "list[Article]":
    from syndicate.store import Store  # noqa: PLC0415 - start-up

    if not Store.exists(config):  # a check makes none
        return []
    store = Store.of(config)
    try:
        with store.read() as tx:
            return tx.articles.all()
    finally:
        store.close()


def _media_faults(config: "Config", articles: "Sequence[Article]") -> list["MediaFault"]:
    """Check the files of `media/` that public articles load."""
    from syndicate.publish.output.media import faults_of  # noqa: PLC0415 - start-up

    shown = (a for a in articles if a.number is not None and not a.retracted_at)
    return faults_of(shown, config)

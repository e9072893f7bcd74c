"""A publication in operation: what was made of its config, and made anew when that changes.

The listener, the process and the address stay; the application, the services and, where
its address changed, the store are replaced.
"""

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from threading import Event

import structlog

from syndicate import clock
from syndicate.cli.context import CommandContext, exported_port
from syndicate.cli.operation.config_watcher import ConfigWatcher
from syndicate.cli.operation.signals import SignalHandlers
from syndicate.config import Config, missing_secrets, missing_token
from syndicate.errors import ConfigError, StoreError, SyndicateError
from syndicate.render.template_check import check_templates
from syndicate.render.templates import Templates
from syndicate.schedule.orphans import find_orphans
from syndicate.schedule.runner import Runner
from syndicate.schedule.wiring import Services
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.server.listener import activated_socket, listen
from syndicate.web.server.server import WebServer
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.telemetry.instrumentation import Instrumentation
from syndicate.web.telemetry.write_probe import find_write_errors

log = structlog.get_logger()


@dataclass(frozen=True)
class ServingAddress:
    """Where a publication is served, whatever its config says later."""

    command: CommandContext
    first: Config
    """The config as it was read when the address was taken hold of."""
    host: str
    listener: socket.socket
    shared: bool
    """Whether a service manager keeps the listener open between two processes."""

    @classmethod
    def of(cls, command: CommandContext, host: str | None, port: int | None) -> "ServingAddress":
        """Take hold of the address: of the command's before the config's.

        A listener that a service manager handed over goes before both. Raise ConfigError
        for a config with mistakes, and SyndicateError when the address can't be had.
        """
        command.port = port if port is not None else exported_port()
        config = command.config
        if (given := activated_socket()) is not None:
            return cls(command, config, given.getsockname()[0], given, shared=True)
        host = host or config.web.host
        return cls(command, config, host, listen(host, config.web.port), shared=False)

    @property
    def port(self) -> int:
        """The port, also where 0 was asked for."""
        return int(self.listener.getsockname()[1])

    @cached_property
    def config(self) -> Config:
        """The first config, which knows the address."""
        return self._bound(self.first)

    def read(self) -> Config:
        """Read the config anew; raise ConfigError with every mistake in it or in a template."""
        config = self.command.read()
        if mistakes := check_templates(config, Templates.of(config)):
            raise ConfigError(*map(str, mistakes))
        for key in ("host", "port"):
            before, now = getattr(self.first.web, key), getattr(config.web, key)
            if before != now:
                log.warning("kept until a restart", key=f"web.{key}", kept=before, read=now)
        return self._bound(config)

    def _bound(self, config: Config) -> Config:
        bound = {"host": self.host, "port": self.port}
        return config.override(web=config.web.model_copy(update=bound))


@dataclass(frozen=True)
class _Wiring:
    """What is made of one config."""

    config: Config
    store: Store
    app: Instrumentation
    runner: Runner | None
    ends: Event
    """Set when the runner is to end."""


class Lifecycle:
    """A publication's web and, where it `works`, its services, from `start` to `stop`."""

    def __init__(self, address: ServingAddress, signals: SignalHandlers, *, works: bool) -> None:
        """Put everything together; raise SyndicateError when something can't be had."""
        self._address = address
        self._signals = signals
        self._works = works
        self._counts = RequestCounters()
        self._made = self._make(address.config, None)
        self._working: Runner | None = None
        self._config_watcher = ConfigWatcher(address.command)
        self.server = WebServer(
            self._made.app,
            address.host,
            address.port,
            listener=address.listener,
            shared=address.shared,
            ended=signals.give_up,
        )

    @property
    def config(self) -> Config:
        """The config in force."""
        return self._made.config

    def start(self) -> None:
        """Take in what lies in the intake folder, then answer, then go to work."""
        self._signals.stops(self._made.ends)
        if self._made.runner is not None:
            self._made.runner.import_articles()
        self.server.start()
        self._report_secrets()
        for what, why in find_write_errors(self._made.store, self.config):
            log.error("can't be written", what=what, reason=why)
        self._config_watcher.start()
        self._go_to_work()
        self._report_left_behind()

    def go_on(self) -> None:
        """Go on until it is to stop, and reload whenever that is wished.

        Raise SyndicateError when the web has ended by itself: without it there's no reason to.
        """
        for _ in self._signals.reloads():
            self.reload()
        if not self.server.alive:
            raise SyndicateError(
                "the web server broke down, and all the rest was stopped with it; "
                "why it did is said above: please report it, and start again"
            )

    def reload(self) -> None:
        """Go on with what the config says now, or as before where that has mistakes.

        Requests and messages under way end as they began. No message is handed over twice,
        since the old services has ended before the new one begins, and no slot is missed,
        since that looks at every schedule first.
        """
        try:
            made = self._make(self._address.read(), self._made)
        except (SyndicateError, OSError) as error:
            for mistake in error.lines if isinstance(error, SyndicateError) else [str(error)]:
                log.error("not reloaded", reason=mistake)  # noqa: TRY400 - an operator's mistake has no traceback
            return
        except Exception:
            log.exception("not reloaded, and it is our mistake")
            return
        before, self._made = self._made, made
        self.server.swap(made.app)
        before.app.close()
        self._rest()
        if before.store is not made.store:
            before.store.close()  # a request under way still gets what it needs
        self._signals.stops(made.ends)
        self._go_to_work()
        log.info("reloaded", config=str(self._address.command.path))
        self._report_secrets()
        self._report_left_behind()

    def stop(self) -> None:
        """Finish what is in hand, answer who has asked, and close."""
        self._config_watcher.close()
        self.server.wind_down()
        self._rest()
        self.server.stop()
        self._made.app.close()
        self._made.store.close()

    def _report_secrets(self) -> None:
        """Log what keeps mail from leaving; each session with a mail server looks again."""
        for secret in missing_secrets(self.config) if self._works else ():
            log.error("mail can't be sent", reason=str(secret))
        for token in missing_token(self.config):
            log.error("the token for figures lets nobody in", reason=str(token))

    def _report_left_behind(self) -> None:
        """Log which readers and stories the names in the config reach no more."""
        if not self._works:
            return
        try:
            found = find_orphans(self._made.store, self.config, at=clock.now())
        except StoreError:  # logged where the store is used
            return
        for message in found:
            log.warning("left behind", reason=message)

    def _go_to_work(self) -> None:
        if self._made.runner is not None and not self._signals.stop.is_set():
            self._working = self._made.runner.__enter__()

    def _rest(self) -> None:
        if self._working is not None:
            self._working.__exit__()
            self._working = None

    def _make(self, config: Config, before: _Wiring | None) -> _Wiring:
        """Make everything of a config; the store stays where its address does."""
        ends, runner = Event(), None
        with ExitStack() as undone:
            if before is not None and before.config.store.url == config.store.url:
                store = before.store
            else:
                store = Store.of(config)
                undone.callback(store.close)
            if self._works:
                named = before.runner.deleted_files if before and before.runner else None
                runner = Runner(Services.of(store, config), ends, named)
            app = application(
                store,
                config,
                _nobody if runner is None else runner.wake_delivery,
                push_due=_nobody if runner is None else runner.wake_push,
                stopping=self._signals.stop.is_set,
                sends=self._works,
                counts=self._counts,
            )
            undone.pop_all()
        return _Wiring(config, store, app, runner, ends)


def _nobody() -> None:
    """Have nobody do what is due: whoever works finds it."""

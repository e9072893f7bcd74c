"""The life of a `run` or `serve` process: start, reload and stop.

A reload replaces the application, the services and, if its URL changed, the store. The
process, its listener and its address stay.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event, Thread

import structlog

from syndicate import clock
from syndicate.cli.context import CommandContext, content_hash
from syndicate.cli.operation.signals import SignalHandlers
from syndicate.config import Config, missing_feedback_secrets, missing_secrets, missing_token
from syndicate.errors import ConfigError, StoreError, SyndicateError
from syndicate.render.template_check import check_templates
from syndicate.schedule.orphaned_names import find_orphans
from syndicate.schedule.runner import Runner
from syndicate.schedule.wiring import Services
from syndicate.store import Store
from syndicate.web.app import WebApplication, application
from syndicate.web.server.listener import activated_socket, listen
from syndicate.web.server.server import WebServer
from syndicate.web.telemetry.counters import RequestCounters
from syndicate.web.telemetry.readiness import find_write_errors

log = structlog.get_logger()

_POLL_SECONDS = 2.0
"""How often the config is read: symbolic links and network disks send no events. A change has to
last for two turns: somebody may be saving, or about to reload.
"""


class ServingAddress:
    """Where the publication is served; a reload doesn't change it."""

    def __init__(self, command: CommandContext, host: str | None, port: int | None) -> None:
        """Open the listener: a socket from the service manager, or the options' address, or web's.

        Raise ConfigError for a config with mistakes, and SyndicateError when the address is in
        use or can't be bound.
        """
        command.port = port
        self.command = command
        self.first = command.config
        """The config that the process started with."""
        inherited = activated_socket()
        self.shared = inherited is not None
        """Whether a service manager keeps the listener open across restarts."""
        self.host = host or self.first.web.host
        self.listener = inherited or listen(self.host, self.first.web.port)
        if inherited is not None:
            self.host = inherited.getsockname()[0]

    def read(self) -> Config:
        """Read the config again; raise ConfigError with every mistake in it or in a template."""
        config = self.command.read()
        if mistakes := check_templates(config):
            raise ConfigError(*map(str, mistakes))
        for key in ("host", "port"):
            before, now = getattr(self.first.web, key), getattr(config.web, key)
            if before != now:
                log.warning("kept until a restart", key=f"web.{key}", kept=before, read=now)
        return self.bind(config)

    def bind(self, config: Config) -> Config:
        """Return a config with this address; the port is the actual one, where it asks for 0."""
        bound = {"host": self.host, "port": self.listener.getsockname()[1]}
        return config.override(web=config.web.model_copy(update=bound))


@dataclass(frozen=True)
class _Components:
    """What is built from one config."""

    config: Config
    store: Store
    app: WebApplication
    runner: Runner | None
    runner_stop: Event


class Lifecycle:
    """A publication's web server and, unless it only serves, its runner, from start to stop."""

    def __init__(
        self, address: ServingAddress, signals: SignalHandlers, *, serve_only: bool
    ) -> None:
        """Build everything; raise SyndicateError when a part can't be built."""
        self._address = address
        self._signals = signals
        self._serve_only = serve_only
        self._counters = RequestCounters()
        self._components = self._build(address.bind(address.first), None)
        self._running = ExitStack()
        """Stops the runner, if one was started."""
        self._watcher_stop = Event()
        self._config_watcher = Thread(target=self._watch_config, name="config", daemon=True)
        self.server = WebServer(
            self._components.app,
            address.host,
            self.config.web.port,
            listener=address.listener,
            shared=address.shared,
            ended=signals.request_stop,
        )

    @property
    def config(self) -> Config:
        """The config in force."""
        return self._components.config

    def start(self) -> None:
        """Import the intake folder's articles, then serve, then start the runner."""
        self._signals.also_set(self._components.runner_stop)
        if self._components.runner is not None:
            self._components.runner.import_articles()
        self.server.start()
        for place, reason in find_write_errors(self._components.store, self.config):
            log.error("can't be written", what=place, reason=reason)
        self._config_watcher.start()
        self._start_runner()
        self._report_problems()

    def run_until_stopped(self) -> None:
        """Wait for the signal to stop, and reload on each SIGHUP.

        Raise SyndicateError when the web server has ended by itself, which ends everything.
        """
        for _ in self._signals.wait_for_reloads():
            self.reload()
        if not self.server.is_alive:
            raise SyndicateError(
                "the web server crashed, and everything else was stopped with it; "
                "please report the error above, and start again"
            )

    def reload(self) -> None:
        """Switch to the current config; if it has mistakes, log them and keep the old one.

        Requests and messages in flight finish as they began. No message is sent twice, since
        the old runner stops before the new one starts; no slot is missed, since the new one
        checks every schedule first.
        """
        try:
            components = self._build(self._address.read(), self._components)
        except (SyndicateError, OSError) as error:
            for mistake in error.lines if isinstance(error, SyndicateError) else [str(error)]:
                log.error("not reloaded", reason=mistake)  # noqa: TRY400 - an operator's mistake has no traceback
            return
        except Exception:
            log.exception("not reloaded: internal error")
            return
        before, self._components = self._components, components
        self.server.replace_application(components.app)
        before.app.close()
        self._running.close()
        if before.store is not components.store:
            before.store.close()  # requests in flight can still use it
        self._signals.also_set(components.runner_stop)
        self._start_runner()
        log.info("reloaded", config=str(self._address.command.path))
        self._report_problems()

    def stop(self) -> None:
        """Finish the work in flight, answer pending requests, and close."""
        self._watcher_stop.set()
        if self._config_watcher.is_alive():
            self._config_watcher.join()
        self.server.begin_shutdown()
        self._running.close()
        self.server.stop()
        self._components.app.close()
        self._components.store.close()

    def _report_problems(self) -> None:
        """Log missing secrets and orphaned names; each SMTP session reads its secret again."""
        for token in missing_token(self.config):
            log.error("nobody can read /metrics", reason=str(token))
        for secret in missing_feedback_secrets(self.config):
            if secret.loc[0] == "hooks":
                log.error("no provider can report bounces by it", reason=str(secret))
        if self._serve_only:
            return
        for secret in missing_secrets(self.config):
            log.error("mail can't be sent", reason=str(secret))
        try:
            messages = find_orphans(self._components.store, self.config, at=clock.now())
        except StoreError:  # logged by the runner
            return
        for message in messages:
            log.warning("left behind", reason=message)

    def _start_runner(self) -> None:
        if self._components.runner is not None and not self._signals.stop.is_set():
            self._running.enter_context(self._components.runner)

    def _build(self, config: Config, before: _Components | None) -> _Components:
        """Build everything for a config; keep the store if its URL is the same."""
        runner_stop, runner = Event(), None
        with ExitStack() as on_error:
            if before is not None and before.config.store.url == config.store.url:
                store = before.store
            else:
                store = Store.of(config)
                on_error.callback(store.close)
            if not self._serve_only:
                reported = before.runner.deleted_files if before and before.runner else None
                runner = Runner(Services(store, config), runner_stop, reported)
            # without a runner, another process sends, and finds what is due
            app = application(
                store,
                config,
                runner.mail_due.set if runner else lambda: None,
                push_due=runner.wake_push if runner else lambda: None,
                stopping=self._signals.stop.is_set,
                sends=not self._serve_only,
                counts=self._counters,
            )
            on_error.pop_all()
        return _Components(config, store, app, runner, runner_stop)

    def _watch_config(self) -> None:
        """Log each new content of the config once, unless a reload reads it."""
        command, reported = self._address.command, self._address.command.config_hash
        content: bytes | None = None
        while not self._watcher_stop.wait(_POLL_SECONDS):
            before, content = content, content_hash(command.path)
            if content == command.config_hash:
                reported = content
            elif content == before and content not in (None, reported):
                reported = content
                log.warning(
                    "the config has changed on disk and waits for a reload",
                    config=str(command.path),
                    remedy=f"syndicate check, then kill -HUP {os.getpid()} or systemctl reload",
                )

"""The routes to the dynamic pages of a publication, each page wired with what it works with."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import Route

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import ConfirmationKind
from syndicate.store import Store
from syndicate.web.editions.archive import ArchivePages
from syndicate.web.editions.click_tracking import ClickPages
from syndicate.web.editions.public_copy import WebViewPage
from syndicate.web.editions.shelf import ShelfPage
from syndicate.web.outbox import OutboxPages, is_outbox_served
from syndicate.web.pages import WebPages
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.bot_checks import BotChecks
from syndicate.web.readers.confirmation import (
    ConfirmationHandler,
    ConfirmationPages,
    SubscriptionConfirmation,
)
from syndicate.web.readers.letters import LetterSender, SignupLimits
from syndicate.web.readers.personal_data import PersonalDataPages
from syndicate.web.readers.preferences import PreferencePages
from syndicate.web.readers.signup import SignupPages
from syndicate.web.readers.signup_requests import SignupValidator
from syndicate.web.readers.unsubscribe import UnsubscribePages
from syndicate.web.review.decisions import ReviewDesk
from syndicate.web.review.pages import ReviewPages
from syndicate.web.review.trusted_browsers import TrustedBrowsers
from syndicate.web.search_pages import SearchPages
from syndicate.web.telemetry.counters import RequestCounters


@dataclass(frozen=True, slots=True)
class PageRoutes:
    """Makes the routes of one publication, for what its configuration turns on."""

    store: Store
    config: Config
    links: SignedLinks
    pages: WebPages
    counts: RequestCounters
    letters_due: Callable[[], None]
    """Called when a letter waits to be sent."""
    push_due: Callable[[], None]
    """Called after a request to our hub."""

    def all(self) -> list[Route]:
        """Return the routes, but for private feeds, which are under the address of files."""
        bot_checks = BotChecks(self.store.secret("signup"))
        return [
            *self._readers(bot_checks),
            *self._editions(bot_checks),
            *self._review(),
            *self._services(),
        ]

    def _readers(self, bot_checks: BotChecks) -> list[Route]:
        """Return the routes of the pages where readers manage their subscriptions."""
        signed = self.store, self.config, self.links, self.pages
        limits = SignupLimits(self.config, self.store.secret("signup"), self.counts)
        letters = LetterSender(self.store, self.config, limits, self.letters_due)
        validator = SignupValidator(self.config)
        change = AddressChange(self.pages, letters, validator)
        handlers: dict[ConfirmationKind, ConfirmationHandler] = {
            ConfirmationKind.SUBSCRIBE: SubscriptionConfirmation(*signed, letters),
            ConfirmationKind.ADDRESS: change,
            ConfirmationKind.DATA: PersonalDataPages(*signed),
        }
        return [
            *SignupPages(self.config, self.pages, validator, letters, bot_checks).routes(),
            *ConfirmationPages(*signed, handlers).routes(),
            *PreferencePages(*signed, change, letters).routes(),
            *UnsubscribePages(*signed).routes(),
        ]

    def _editions(self, bot_checks: BotChecks) -> list[Route]:
        """Return the routes of editions, and of the links in them."""
        store, config, pages = self.store, self.config, self.pages
        view = WebViewPage(store, config, self.links, pages)
        clicks = ClickPages(store, config, self.links, pages)
        return [
            Route("/view/{token}", view.show),
            *ShelfPage(store, config, pages, bot_checks).routes(),
            *ArchivePages(store, config, pages).routes(),
            Route("/c/{token}", clicks.follow),
        ]

    def _review(self) -> list[Route]:
        """Return the routes of the pages for reviewers."""
        secret = self.store.secret("review")
        review = ReviewPages(
            self.store,
            self.config,
            self.links,
            self.pages,
            ReviewDesk(self.store, self.config, secret, self.letters_due),
            TrustedBrowsers(self.config, secret),
            BotChecks(secret),
        )
        return review.routes()

    def _services(self) -> list[Route]:
        """Return the routes of search, outbox, hub and webhooks, where they are on."""
        store, config, routes = self.store, self.config, list[Route]()
        if config.web.search:
            routes += SearchPages(store, config, self.pages).routes()
        if is_outbox_served(config):
            routes += OutboxPages(config, self.pages).routes()
        if config.websub.own:
            from syndicate.publish.push.hub import Hub  # noqa: PLC0415 - slow: a HTTP client
            from syndicate.web.websub_hub import HubPage  # noqa: PLC0415

            hub = HubPage(Hub.of(store, config), self.push_due)
            routes.append(Route("/hub", hub.handle, methods=["GET", "POST"]))
        if config.hooks:
            from syndicate.web.webhooks import WebhookReceiver  # noqa: PLC0415 - likewise

            routes += WebhookReceiver(store, config, self.links, self.counts).routes()
        return routes

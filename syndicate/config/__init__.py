"""The configuration: `config.toml`, all of it, as frozen models."""

from syndicate.config.loading.load import load, secret_warnings
from syndicate.config.models import (
    Config,
    Intake,
    Newsletter,
    Publication,
    Schedule,
    Select,
    StoreSettings,
)
from syndicate.config.secret import missing_secrets, missing_token, monitor_token, password
from syndicate.config.sections.ads import Ads, AdSlot
from syndicate.config.sections.amp import AmpSettings, Analytics, Consent
from syndicate.config.sections.feeds import CustomFeed, FeedFormat, Selector, Syndication
from syndicate.config.sections.mail import Mail, TransportKind
from syndicate.config.sections.pages import PagesSettings
from syndicate.config.sections.push import IndexNow, Websub
from syndicate.config.sections.relays import (
    DomainLimit,
    RelaySettings,
    Security,
    SmtpServer,
    sessions,
)
from syndicate.config.sections.segments import Criteria, Segment
from syndicate.config.sections.theme import Theme
from syndicate.config.sections.tracking import Tracking
from syndicate.config.sections.web import Web
from syndicate.config.values import ALL, BeginWith, Mailbox, Rate

__all__ = [
    "ALL",
    "AdSlot",
    "Ads",
    "AmpSettings",
    "Analytics",
    "BeginWith",
    "Config",
    "Consent",
    "Criteria",
    "CustomFeed",
    "DomainLimit",
    "FeedFormat",
    "IndexNow",
    "Intake",
    "Mail",
    "Mailbox",
    "Newsletter",
    "PagesSettings",
    "Publication",
    "Rate",
    "RelaySettings",
    "Schedule",
    "Security",
    "Segment",
    "Select",
    "Selector",
    "SmtpServer",
    "StoreSettings",
    "Syndication",
    "Theme",
    "Tracking",
    "TransportKind",
    "Web",
    "Websub",
    "load",
    "missing_secrets",
    "missing_token",
    "monitor_token",
    "password",
    "secret_warnings",
    "sessions",
]

"""The configuration: `config.toml`, all of it, as frozen models."""

from syndicate.config.ads import Ads, AdSlot
from syndicate.config.amp import Amp, Analytics, Consent
from syndicate.config.feeds import FeedFormat, OwnFeed, Selector, Syndication
from syndicate.config.load import load, secret_warnings
from syndicate.config.mail import Mail, Transport
from syndicate.config.models import (
    Config,
    Intake,
    Newsletter,
    Publication,
    Schedule,
    Select,
    StoreSettings,
)
from syndicate.config.pages import Pages
from syndicate.config.push import IndexNow, Websub
from syndicate.config.relays import DomainLimit, Relay, Security, Server, sessions
from syndicate.config.secret import missing_secrets, missing_token, monitor_token, password
from syndicate.config.segments import Criteria, Segment
from syndicate.config.theme import Theme
from syndicate.config.tracking import Tracking
from syndicate.config.values import ALL, BeginWith, Mailbox, Rate
from syndicate.config.web import Web

__all__ = [
    "ALL",
    "AdSlot",
    "Ads",
    "Amp",
    "Analytics",
    "BeginWith",
    "Config",
    "Consent",
    "Criteria",
    "DomainLimit",
    "FeedFormat",
    "IndexNow",
    "Intake",
    "Mail",
    "Mailbox",
    "Newsletter",
    "OwnFeed",
    "Pages",
    "Publication",
    "Rate",
    "Relay",
    "Schedule",
    "Security",
    "Segment",
    "Select",
    "Selector",
    "Server",
    "StoreSettings",
    "Syndication",
    "Theme",
    "Tracking",
    "Transport",
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

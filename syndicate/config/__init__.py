"""The configuration: config.toml, parsed into frozen models.

`loading/` reads the file and reports every mistake with its line; `config` is the root
model, and `sections/` has a module for each table.
`values` are the types of single values: durations, rates, addresses;
`cron` and `segment_expression` parse the two small languages;
`secret` reads and masks passwords; `contrast` compares colours;
`loopback` recognises addresses of this machine.
"""

from syndicate.config.config import Config
from syndicate.config.loading.load import load, secret_warnings
from syndicate.config.loading.missing_secrets import missing_secrets, missing_token
from syndicate.config.sections.ads import AdSlot, AdsSettings
from syndicate.config.sections.amp import AmpSettings, AnalyticsSettings, ConsentSettings
from syndicate.config.sections.feeds import (
    ArticleFilter,
    CustomFeed,
    FeedFormat,
    SyndicationSettings,
)
from syndicate.config.sections.intake import IntakeSettings
from syndicate.config.sections.mail import MailSettings, TransportKind
from syndicate.config.sections.newsletters import Newsletter
from syndicate.config.sections.pages import PagesSettings
from syndicate.config.sections.publication import PublicationSettings
from syndicate.config.sections.push import IndexNowSettings, WebsubSettings
from syndicate.config.sections.relays import (
    DomainLimit,
    RelaySettings,
    Security,
    SmtpServer,
    sessions,
)
from syndicate.config.sections.schedules import EditionFilter, Schedule
from syndicate.config.sections.segments import Criteria, Segment
from syndicate.config.sections.store import StoreSettings
from syndicate.config.sections.theme import ThemeSettings
from syndicate.config.sections.tracking import Tracking
from syndicate.config.sections.web import WebSettings
from syndicate.config.values import ALL, BeginWith, Mailbox, Rate

__all__ = [
    "ALL",
    "AdSlot",
    "AdsSettings",
    "AmpSettings",
    "AnalyticsSettings",
    "ArticleFilter",
    "BeginWith",
    "Config",
    "ConsentSettings",
    "Criteria",
    "CustomFeed",
    "DomainLimit",
    "EditionFilter",
    "FeedFormat",
    "IndexNowSettings",
    "IntakeSettings",
    "MailSettings",
    "Mailbox",
    "Newsletter",
    "PagesSettings",
    "PublicationSettings",
    "Rate",
    "RelaySettings",
    "Schedule",
    "Security",
    "Segment",
    "SmtpServer",
    "StoreSettings",
    "SyndicationSettings",
    "ThemeSettings",
    "Tracking",
    "TransportKind",
    "WebSettings",
    "WebsubSettings",
    "load",
    "missing_secrets",
    "missing_token",
    "secret_warnings",
    "sessions",
]

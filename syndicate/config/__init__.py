"""The configuration: `config.toml`, all of it, as frozen models."""

from syndicate.config.load import load
from syndicate.config.mail import Mail, Security, Transport
from syndicate.config.models import (
    Ads,
    AdSlot,
    Amp,
    Config,
    Feeds,
    Intake,
    Newsletter,
    Publication,
    Schedule,
    Select,
    StoreSettings,
    Web,
)
from syndicate.config.secret import password
from syndicate.config.values import Mailbox

__all__ = [
    "AdSlot",
    "Ads",
    "Amp",
    "Config",
    "Feeds",
    "Intake",
    "Mail",
    "Mailbox",
    "Newsletter",
    "Publication",
    "Schedule",
    "Security",
    "Select",
    "StoreSettings",
    "Transport",
    "Web",
    "load",
    "password",
]

"""`[alarms]`: who is notified when something is wrong, and when silence counts as wrong."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from syndicate.config.values import Duration, Sender, Table, WebhookUrl, requiring

SilentFor = Annotated[
    Duration, requiring(lambda value: value >= timedelta(minutes=1), '"1m" or longer')
]


class AlarmSettings(Table):
    """Who is notified when something is wrong, and when it is over."""

    to: tuple[Sender, ...] = Field((), examples=[["ops@example.org"]])
    """Who gets a mail about it."""
    webhook: WebhookUrl | None = Field(
        None, examples=["https://hooks.example.org/alarms"], repr=False
    )
    """The address that is called with JSON about it, also while no mail server takes mail."""
    silent_for: SilentFor = timedelta(minutes=5)
    """How long mail may be due with none accepted, unless a person has paused it."""

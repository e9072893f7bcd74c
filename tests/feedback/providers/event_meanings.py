"""What an event of a provider means to us."""

from syndicate.feedback.providers.hook_reader import make_reader
from syndicate.model.feedback import FeedbackKind
from tests.feedback.providers.provider_calls import SECRETS, AmazonClient, hook, signed

HARD, SOFT, BLOCKED = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.BLOCKED
DELIVERED, COMPLAINT = FeedbackKind.DELIVERED, FeedbackKind.COMPLAINT
UNSUBSCRIBED = FeedbackKind.UNSUBSCRIBED
NOTHING = None


def read(kind, event):
    """Read an event that a provider has signed."""
    call = signed(kind, event)
    return list(make_reader(hook(kind), AmazonClient())(call.request(), SECRETS[kind]))


def meaning(kind, event):
    """Return what an event means; None where it changes nothing."""
    (read_event,) = read(kind, event)
    feedback = read_event.feedback
    return None if feedback is None else feedback.kind

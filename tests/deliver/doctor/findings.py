"""A publication to examine, and what is found."""

from syndicate.deliver.doctor.checkup import checkup

FROM = "post.example"

HERE = "203.0.113.9"

RELAY = {"transport": "smtp", "host": "smtp.relay.example", "security": "starttls"}


def findings(config, zone, check, **more):
    return [one for one in checkup(config, zone, **more) if one.check == check]


def only(config, zone, check, **more):
    (one,) = findings(config, zone, check, **more)
    return one

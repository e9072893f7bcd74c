"""Public collections of reports, which are read where they were fetched and never committed.

`SYNDICATE_REPORTS` is a folder with `rfc3464/` and `rfc5965/`, those of KumoMTA
(crates/kumo-log-types/data).
"""

import os
from pathlib import Path

import pytest

from syndicate.feedback.reports.parse import parse_report
from syndicate.model.feedback import FeedbackKind, ReportOutcome

_NAMED = os.environ.get("SYNDICATE_REPORTS", "")
REPORTS = Path(_NAMED) if _NAMED else None
HARD, SOFT, COMPLAINT = (FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.COMPLAINT)
KUMOMTA = {
    "rfc3464/1": [(SOFT, "4.0.0", "louisl@larry.slip.umd.edu")],
    "rfc3464/2": [
        (SOFT, "5.0.0", "arathib@vnet.ibm.com"),
        (SOFT, "5.0.0", "wsnell@sdcc13.ucsd.edu"),
    ],
    "rfc3464/3": [(SOFT, "5.0.0", "")],
    "rfc3464/4": [],
    "rfc3464/5": [(SOFT, "5.0.0", "recipient@domain.com")],
    "rfc3464/6": [(SOFT, "5.4.1", "redacted@example.com")],
    "rfc3464/obsolete_arrival_date": [(HARD, "5.1.1", "user@example.com")],
    "rfc5965/1": [(COMPLAINT, "", "")],
    "rfc5965/2": [(COMPLAINT, "", "user@example.com")],
    "rfc5965/3": [(COMPLAINT, "", "user@example.com")],
    "rfc5965/4": [(COMPLAINT, "", "cb4a01a48251d4765f489076aa81e2a4@comcast.net")],
}


@pytest.mark.skipif(REPORTS is None, reason="SYNDICATE_REPORTS names no folder of public reports")
@pytest.mark.parametrize("name", KUMOMTA)
def test_the_reports_of_kumomta_are_judged_right(name):
    assert REPORTS
    report = parse_report((REPORTS / f"{name}.eml").read_bytes(), address="bounce@example.com")
    found = [(item.kind, item.status, item.reference.recipient) for item in report.feedback]
    assert found == KUMOMTA[name]
    assert report.outcome is (ReportOutcome.FEEDBACK if found else ReportOutcome.DELAYED)

"""Headers of responses."""

from datetime import timedelta

import pytest
from starlette.responses import Response

from syndicate.web.pages import too_many_requests


@pytest.mark.parametrize(("seconds", "header"), [(0.1, "1"), (59.2, "60"), (3600, "3600")])
def test_who_waits_as_long_as_retry_after_says_does_not_come_too_early(seconds, header):
    response = too_many_requests(Response(), timedelta(seconds=seconds))
    assert (response.status_code, response.headers["retry-after"]) == (429, header)

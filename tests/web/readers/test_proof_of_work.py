"""Challenges: solved, forged, expired and used twice."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from syndicate import clock
from syndicate.web.readers.bot_checks import CHALLENGE_LIFETIME, MAX_NUMBER, BotChecks

pytestmark = pytest.mark.neighbours


def solved(challenge: dict[str, Any], changes: dict[str, Any] | None = None) -> str:
    """Do the sum."""
    wanted, salt = challenge["challenge"], challenge["salt"]
    number = next(
        n for n in range(MAX_NUMBER) if hashlib.sha256(f"{salt}{n}".encode()).hexdigest() == wanted
    )
    solution = {**challenge, "number": number} | (changes or {})
    return base64.b64encode(json.dumps(solution).encode()).decode()


def test_a_proof_is_required_where_the_config_wants_one(site):
    opened = site(signup={"proof_of_work": True})
    page = opened.sign_up()
    assert page.status_code == 400
    assert "<script src=" in page.text
    assert opened.reader() is None
    proof = solved(opened.client.get("/signup/challenge").json())
    assert opened.sign_up(altcha=proof).status_code == 200
    assert opened.states() == {"breaking": "pending"}


def test_a_proof_can_be_used_once(site):
    opened = site(signup={"proof_of_work": True})
    proof = solved(opened.client.get("/signup/challenge").json())
    sent = {"email": "anna@example.org", "altcha": proof}
    assert opened.client.post("/api/signup", json=sent).status_code == 202
    again = opened.client.post("/api/signup", json=sent)
    assert (again.status_code, list(again.json()["errors"])) == (400, ["altcha"])
    assert opened.sign_up("bo@example.org", altcha=proof).status_code == 400


def test_a_proof_can_be_used_once_across_two_windows_of_the_limits(site, monkeypatch):
    opened = site(signup={"proof_of_work": True})
    edge = clock.EPOCH + 1_000_000 * CHALLENGE_LIFETIME
    answers = []
    for seconds in (-2, -1, 1):
        monkeypatch.setattr(clock, "now", lambda at=edge + timedelta(seconds=seconds): at)
        if seconds == -2:
            proof = solved(opened.client.get("/signup/challenge").json())
        else:
            answers.append(opened.sign_up(altcha=proof).status_code)
    assert answers == [200, 400]


def test_a_proof_is_signed_by_us_solved_and_not_expired():
    challenges, at = BotChecks(b"secret"), clock.now()
    challenge = challenges.create_challenge(at)
    proof = solved(challenge)
    assert challenges.verify_proof(proof, at) is not None
    assert challenges.verify_proof(proof, at + timedelta(minutes=19)) is not None
    assert challenges.verify_proof(proof, at + timedelta(minutes=21)) is None
    assert BotChecks(b"another").verify_proof(proof, at) is None
    number = json.loads(base64.b64decode(proof))["number"]
    for changes in (
        {"number": number + 1},
        {"number": str(number)},
        {"algorithm": "SHA-1"},
        {"signature": "0" * 64},
        {"signature": "\ud800"},
        {"challenge": hashlib.sha256(b"x1").hexdigest(), "salt": "x", "number": 1},
        # a digit of the number, read as part of the time
        {"salt": f"{challenge['salt']}{str(number)[0]}", "number": int(str(number)[1:] or 0)},
    ):
        assert challenges.verify_proof(solved(challenge, changes), at) is None, changes
    for junk in ("", "x", "[]", "bnVsbA==", base64.b64encode(b"[" * 9000).decode()):
        assert challenges.verify_proof(junk, at) is None


def test_without_a_proof_the_page_needs_no_script(site):
    page = site().client.get("/signup")
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]

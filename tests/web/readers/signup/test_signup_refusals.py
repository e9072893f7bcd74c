"""What can't be signed up: addresses, fields and domains that are refused, and a store that is busy."""

import re

import pytest
from structlog.testing import capture_logs

from syndicate.errors import TemplateError
from syndicate.store import Store
from syndicate.web.readers.letters import LetterSender
from tests.web.asgi_client import main
from tests.web.readers.signup.newsletters import CITY, TWO, boxes

pytestmark = pytest.mark.neighbours

NO_ADDRESSES = (
    "", "anna", "anna@", "@example.org", "a b@example.org", "anna@example", "anna@example..org",
    "Anna <anna@example.org>", "anna@example.org,bo@example.org", "anna@[127.0.0.1]",
    "x" * 65 + "@example.org", "anna@" + "x" * 250 + ".org",
    "anna@example.org\r\nBcc: bo@example.org", "anna@example.org\0", "\ud800@example.org",
)  # fmt: skip


def test_what_is_no_address_comes_back_with_the_form(site):
    opened = site()
    for email in NO_ADDRESSES:
        sent = email.encode("utf-8", "surrogatepass")
        page = opened.client.post("/signup", data={"email": sent, "name": "Anna Lind"})
        assert (email, page.status_code) == (email, 400)
        assert 'href="#email">Email address</a>: That isn’t a complete email' in page.text
        assert 'aria-describedby="email-error" aria-invalid="true"' in page.text
        assert 'value="Anna Lind"' in page.text
    with opened.store.read() as tx:
        assert list(tx.search.find()) == []


def test_each_error_is_shown_at_its_field(site):
    opened = site(newsletters=TWO, signup=CITY)
    page = opened.sign_up("nobody", name="x" * 201, newsletter="staff").text
    assert re.findall(r'href="#([\w.]+)"', main(page)) == [
        "email",
        "name",
        "fields.city",
        "newsletters",
    ]
    for name in ("email", "name", "fields.city", "newsletters"):
        assert f'id="{name}"' in page
        assert f'id="{name}-error"' in page
    assert opened.sign_up("anna@example.org", **{"fields.city": "Y"}).status_code == 400
    assert opened.reader() is None


def test_what_was_typed_is_kept_and_harmless(site):
    page = site(newsletters=TWO).sign_up(
        "nobody", name='"><script>x</script>', newsletter="briefing"
    )
    assert "<script>x" not in page.text
    assert 'value="&#34;&gt;&lt;script&gt;x&lt;/script&gt;"' in page.text
    assert boxes(page.text) == {"breaking": False, "briefing": True}


def test_addresses_that_last_only_for_a_while_are_refused(site, tmp_path):
    listed = "# for ten minutes\nmailinator.com  # a remark\n\n@Müll.example\n"
    (tmp_path / "disposable.txt").write_text(listed)
    opened = site(signup={"disposable_domains": "disposable.txt"})
    for domain in ("mailinator.com", "Sub.MAILINATOR.com", "müll.example", "a.xn--mll-hoa.example"):
        page = opened.sign_up(f"anna@{domain}")
        assert (domain, page.status_code) == (domain, 400)
        assert "only last a short while" in page.text
    assert opened.sign_up("anna@notmailinator.com").status_code == 200


def test_a_list_of_domains_that_is_no_text_is_named_at_the_start(site, tmp_path):
    from syndicate.errors import ConfigError

    (tmp_path / "disposable.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"signup\.disposable_domains: .*disposable\.txt"):
        site(signup={"disposable_domains": "disposable.txt"})


def test_a_store_that_is_busy_asks_for_patience(site, monkeypatch):
    from syndicate.errors import StoreLocked

    opened = site()

    def locked(_self):
        raise StoreLocked("locked")

    monkeypatch.setattr(Store, "write", locked)
    assert opened.sign_up().status_code == 503
    answer = opened.client.post("/api/signup", json={"email": "anna@example.org"})
    assert (answer.status_code, list(answer.json())) == (503, ["message"])


def test_a_letter_that_cannot_be_composed_is_logged_and_the_page_asks_to_try_again(
    site, monkeypatch
):
    opened = site()

    def broken(*_args):
        raise TemplateError("mail/letter.mjml", 7, "unexpected end")

    monkeypatch.setattr(LetterSender, "compose", broken)
    with capture_logs() as logs:
        page = opened.sign_up()
        answer = opened.client.post("/api/signup", json={"email": "anna@example.org"})
    assert (page.status_code, answer.status_code) == (503, 503)
    assert "Just a moment" in page.text
    assert list(answer.json()) == ["message"]
    reason = "mail/letter.mjml:7: unexpected end"
    warning = {"event": "sign-up failed", "reason": reason, "log_level": "warning"}
    assert logs == [warning | {"event": "page unavailable"}, warning]

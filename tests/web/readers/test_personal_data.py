"""What readers see, correct and take home of what we hold on them."""

import json

import pytest

from syndicate import clock
from syndicate.store.audience.data_export import DataExport
from tests.causes import by_test
from tests.deliver import editions
from tests.web.known_reader import TABLES, status_text, subscribe_anna

pytestmark = pytest.mark.neighbours


@pytest.fixture
def reader(web, sqlite_store, publication):
    return subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES))


def test_others_write_while_a_reader_s_file_is_put_together(reader, monkeypatch):
    found = DataExport.load

    def meanwhile(self, key):
        with reader.store.write() as tx:
            tx.subscribers.subscribe("bo@example.org", "breaking", cause=by_test(clock.now()))
        return found(self, key)

    link = reader.data_link()
    monkeypatch.setattr(DataExport, "load", meanwhile)
    answer = reader.client.post(link, data={"action": "download"})
    assert answer.status_code == 200
    assert json.loads(answer.content)["changes"][-1]["action"] == "exported"


def test_name_and_own_fields_are_changed_and_other_fields_stay(reader):
    with reader.store.write() as tx:
        fields = {"city": "Bonn", "crm": "4711"}
        tx.subscribers.update(reader.key, fields=fields, cause=by_test(clock.now()))
    typed = {"name": " Ann\ta ", "field-city": "", "field-job": "Baker"}
    page = reader.with_data("change", **typed)
    assert status_text(page) == "Saved."
    person = reader.person
    assert (person.name, dict(person.fields)) == ("Ann a", {"crm": "4711", "job": "Baker"})


def test_an_error_in_a_field_is_shown_and_the_text_stays(web, sqlite_store, publication):
    required = {"fields": [{"name": "city", "label": "Where you live", "required": True}]}
    tables = TABLES | {"signup": required}
    reader = subscribe_anna(web(**tables), sqlite_store, publication(**tables))
    page = reader.with_data("change", **{"name": "Bo", "field-city": " "})
    assert status_text(page) == "Nothing was changed: please fill in “Where you live”."
    assert 'value="Bo"' in page.text
    page = reader.with_data("change", **{"name": "x" * 201, "field-city": "Bonn"})
    assert status_text(page) == "Nothing was changed: “Name” is too long."
    assert reader.person.name == "Anna"


def test_the_download_has_all_data_on_a_reader(reader):
    with reader.store.write() as tx:
        tx.subscribers.tag(reader.key, ["vip"], cause=by_test(clock.now()))
    edition = editions.freeze(reader.store)
    answer = reader.with_data("download")
    assert answer.headers["content-disposition"].startswith('attachment; filename="data-')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    data = json.loads(answer.content)
    assert data["person"]["address"] == "anna@example.org"
    assert data["person"]["tags"] == ["vip"]
    assert [item["newsletter"] for item in data["subscriptions"]] == ["breaking"]
    assert [item["action"] for item in data["changes"]] == [
        *("subscribed", "changed", "asked", "exported")
    ]
    mail, letter = data["mail"]
    assert (letter["kind"], letter["subject"]) == ("letter", "Your data at Morning Post")
    assert (mail["edition"], mail["subject"]) == (edition.key, "Trams return to the harbour")
    assert mail["state"] == "queued"


def test_looking_at_the_data_notes_nothing(reader):
    link = reader.data_link()
    before = reader.trail
    assert "Your data" in reader.client.get(link).text
    assert reader.trail == before

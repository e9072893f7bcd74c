"""Subscribers as other newsletter tools export them: headers and rows as the tools write them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from syndicate.intake.subscribers.csv_file import inspect_csv
from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions
from syndicate.model.subscribers import SubscriptionState

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEWS = ImportOptions(newsletter="news")

MAILCHIMP = (
    "Email Address,First Name,Last Name,Company,Position,ZIP Code,MEMBER_RATING,OPTIN_TIME,"
    "OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,"
)
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,"
    "deleted_at,labels,tiers"
)
SUBSTACK = "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at"
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
BEEHIIV = (
    "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,Free Tier,Premium Tier,"
    "unsubscribed_at"
)


def told(tmp_path, data, options=NEWS, name="readers.csv") -> tuple[CsvRowParser, str, list[Any]]:
    file = tmp_path / name
    file.write_text(data)
    csv_file = inspect_csv(file)
    parser = CsvRowParser(csv_file, options, at=NOW)
    return (parser, csv_file.export_format.tool, [parser.parse(row) for row in csv_file.rows()])


def short(one):
    """Return how somebody comes in, in few words."""
    if isinstance(one, str):
        return "refused"
    if one.suppressed:
        return one.suppressed
    return one.state.value


def test_mailchimp_subscribed(tmp_path):
    header = MAILCHIMP + "LAST_CHANGED,LEID,EUID,NOTES,TAGS"
    row = "ada@example.com, Ada , Lind ,,,,2,2021-03-01 10:00:00,192.0.2.1,2021-03-04 11:12:13,,,,,,,,,,1,a,,"
    _, tool, [ada] = told(tmp_path, header + "\n" + row + '"""Editors"",""Old, friends"""\n')
    assert tool == "Mailchimp"
    assert ada.name == "Ada Lind"
    assert ada.at == datetime(2021, 3, 4, 11, 12, 13, tzinfo=UTC)
    assert ada.how == "imported from readers.csv (Mailchimp), confirmed there 2021-03-04"
    assert ada.tags == ("Editors", "Old, friends")
    assert ada.state is SubscriptionState.CONFIRMED


def test_mailchimp_unsubscribed_and_cleaned(tmp_path):
    rest = "CAMPAIGN_TITLE,LEID,EUID,NOTES,TAGS\n"
    row = "a@example.com,Ada,,,,,,2018-02-12 10:54:27,,2018-02-12 10:54:27,,,,,,,,,2023-06-06 12:56:15,,,,,\n"
    _, _, [left] = told(tmp_path, MAILCHIMP + "UNSUB_TIME,UNSUB_" + rest + row)
    assert short(left) == "left"
    assert left.at.date().isoformat() == "2023-06-06"
    assert left.how == "imported from readers.csv (Mailchimp), left there 2023-06-06"
    assert (left.name, left.tags) == ("", ())
    _, _, [cleaned] = told(tmp_path, MAILCHIMP + "CLEAN_TIME,CLEAN_" + rest + row)
    assert short(cleaned) == "bounced at Mailchimp"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("subscribed_members_export_1.csv", "confirmed"),
        ("unsubscribed_members_export_1.csv", "left"),
        ("cleaned_members_export_1.csv", "bounced at Mailchimp"),
        ("nonsubscribed_members_export_1.csv", "refused"),
    ],
)
def test_mailchimp_says_it_by_the_name_of_the_file_too(tmp_path, name, expected):
    _, _, [one] = told(tmp_path, "Email Address,MEMBER_RATING\na@example.com,2\n", name=name)
    assert short(one) == expected


def test_ghost(tmp_path):
    rows = (
        "1,a@example.com,Ann Lee,,true,false,,2024-03-01T09:30:00.000Z,,vip,Bronze\n"
        "2,b@example.com,Bob,,false,false,,2024-03-02T09:30:00.000Z,,,\n"
        '3,c@example.com,Cy,"a note\nof c@example.com",true,false,,2024-03-02T09:30:00.000Z,2025-01-01T00:00:00.000Z,,\n'
    )
    _, tool, [ann, bob, cy] = told(tmp_path, f"{GHOST}\n{rows}")
    assert tool == "Ghost"
    assert (ann.name, ann.tags, ann.at.date().isoformat()) == ("Ann Lee", ("vip",), "2024-03-01")
    assert ann.how == "imported from readers.csv (Ghost), subscribed there 2024-03-01"
    assert [short(bob), short(cy)] == ["left", "left"]


def test_substack(tmp_path):
    rows = (
        "pia@example.com,true,2027-07-01,yearly,false,2026-06-01T00:00:00.000Z,\n"
        "quin@example.com,false,,other,true,2025-10-12T12:30:00Z,\n"
    )
    _, tool, [pia, quin] = told(tmp_path, f"{SUBSTACK}\n{rows}")
    assert (tool, short(pia), short(quin)) == ("Substack", "confirmed", "left")
    header = "Email,Name,Subscription type,Activity,Subscription date,Revenue\n"
    _, tool, [other] = told(tmp_path, header + "r@example.com,Ro,Free,3,2024-01-10,0\n")
    assert (tool, other.name, other.at.date().isoformat()) == ("Substack", "Ro", "2024-01-10")


def test_listmonk(tmp_path):
    rows = (
        'u1,a@example.com,Ann,"{""City"": ""Kiel"", ""lang"": ""de"", ""n"": [1]}",enabled,2024-03-01 09:30:00.1+00:00,x\n'
        "u2,b@example.com,Bob,{},blocklisted,2024-03-01T09:30:00Z,x\n"
        'u3,c@example.com,Cy,"{broken",enabled,0001-01-01T00:00:00Z,x\n'
    )
    options = ImportOptions(newsletter="news", fields=("city",))
    _, tool, [ann, bob, cy] = told(tmp_path, f"{LISTMONK}\n{rows}", options)
    assert tool == "listmonk"
    assert (dict(ann.fields), ann.language) == ({"city": "Kiel"}, "de")
    assert short(bob) == "blocklisted at listmonk"
    assert (short(cy), dict(cy.fields), cy.dated) == ("confirmed", {}, False)


def test_buttondown(tmp_path):
    rows = "".join(
        f'{kind}@example.com,,"{{}}","[""one"", ""two""]",,{kind},2023-04-01T10:00:00+00:00\n'
        for kind in (
            "regular",
            "premium",
            "unactivated",
            "unsubscribed",
            "removed",
            "undeliverable",
            "spammy",
            "paused",
        )
    )
    header = "email_address,notes,metadata,tags,referrer_url,type,creation_date"
    _, tool, people = told(tmp_path, f"{header}\n{rows}")
    assert tool == "Buttondown"
    assert people[0].tags == ("one", "two")
    assert [short(one) for one in people] == [
        "confirmed", "confirmed", "refused", "left", "left", "bounced at Buttondown",
        "complained at Buttondown", "refused",
    ]  # fmt: skip
    assert people[2] == "pending at Buttondown: no consent on record"
    assert people[7] == 'state "paused" at Buttondown does not imply consent'


def test_beehiiv(tmp_path):
    rows = (
        "a@example.com, Ann ,,active,free,2023-03-24 10:23:10 UTC,,Yes,No,\n"
        "b@example.com,,,inactive,free,2023-03-24 10:23:10 UTC,,Yes,No,\n"
        "c@example.com,,,pending,free,2023-03-24 10:23:10 UTC,,Yes,No,\n"
        "d@example.com,,,active,premium,2023-03-24 10:23:10 UTC,,Yes,No,2024-03-13 11:33:53 UTC\n"
    )
    _, tool, people = told(tmp_path, f"{BEEHIIV}\n{rows}")
    assert tool == "beehiiv"
    assert [short(one) for one in people] == ["confirmed", "left", "refused", "left"]
    assert people[0].at == datetime(2023, 3, 24, 10, 23, 10, tzinfo=UTC)
    header = "email,status,created_at,subscription_tier,utm_source,tags\n"
    assert told(tmp_path, header)[1] == "beehiiv"


def test_mailerlite(tmp_path):
    rows = "".join(
        f"{state}@example.com,{state},3,1,0,2022-05-06 07:08:09,Ann,Lee\n"
        for state in ("Active", "Unsubscribed", "Bounced", "Junk", "Unconfirmed")
    )
    header = "Subscriber,Status,Sent,Opened,Clicked,Subscribed,Name,Last name"
    _, tool, people = told(tmp_path, f"{header}\n{rows}")
    assert tool == "MailerLite"
    assert [short(one) for one in people] == [
        "confirmed", "left", "bounced at MailerLite", "complained at MailerLite", "refused",
    ]  # fmt: skip
    assert people[0].at.date().isoformat() == "2022-05-06"
    header = "Email;Name;Date subscribed;Date unsubscribed;Status\n"
    assert told(tmp_path, header)[1] == "MailerLite"


def test_what_we_export_comes_in_again_with_its_consent(tmp_path):
    header = "email,name,newsletter,state,at,source,suppressed,language,tags,joined,paused_until,field.city"
    rows = (
        'a@example.com,Ann,news,confirmed,2024-01-01T10:00:00+00:00,form of the site,,de,"x,y",,,Kiel\n'
        "b@example.com,Bo,news,left,2025-01-01T10:00:00+00:00,one click,,,,,,\n"
        "c@example.com,,,,,,bounced: 550,,,,,\n"
        "d@example.com,,other,confirmed,,,,,,,,\n"
        "e@example.com,,news,pending,,,,,,,,\n"
    )
    options = ImportOptions(newsletters=["news"], fields=("city",))
    parser, tool, people = told(tmp_path, f"{header}\n{rows}", options)
    assert tool == "Syndicate"
    assert parser.has_newsletters
    assert [short(one) for one in people] == [
        "confirmed",
        "left",
        "bounced: 550",
        "refused",
        "refused",
    ]
    ann, bo = people[:2]
    assert ann.how == "imported from readers.csv (Syndicate); there: form of the site"
    assert (ann.newsletter, ann.language, ann.tags) == ("news", "de", ("x", "y"))
    assert dict(ann.fields) == {"city": "Kiel"}
    assert bo.at == datetime(2025, 1, 1, 10, tzinfo=UTC)
    assert people[3] == 'no newsletter is called "other"; there are: news'
    _, _, [_, _, _, other, _] = told(tmp_path, f"{header}\n{rows}")
    assert other == 'is for "other", but the import is for "news"'


@pytest.mark.parametrize(
    "column", ["email", "E-Mail", "EMAIL ADDRESS", "e-mail address", "Mail", "E-Mail-Adresse"]
)
def test_any_list_with_a_column_of_addresses_is_taken(tmp_path, column):
    _, tool, [one] = told(tmp_path, f"Phone;{column};Vorname;Nachname\n1;a@example.com;Ann;Lee\n")
    assert (tool, one.email, one.name) == ("", "a@example.com", "Ann Lee")


def test_a_plain_list_that_tells_who_left_is_believed(tmp_path):
    header = "email,status,unsubscribed at,bounced\n"
    rows = "a@example.com,,,\nb@example.com,subscribed,,no\nc@example.com,subscribed,2024-01-01,\n"
    rows += "d@example.com,subscribed,,yes\ne@example.com,customer,,\n"
    _, _, people = told(tmp_path, header + rows)
    assert [short(one) for one in people] == [
        "refused", "confirmed", "left", "bounced elsewhere", "refused",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "never", ["", "0", "-", "no", "NULL", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"]
)
def test_a_time_that_never_was_is_no_leaving(tmp_path, never):
    _, _, people = told(
        tmp_path, f"email,unsubscribed at\na@example.com,{never}\nb@example.com,t\n"
    )
    assert [short(one) for one in people] == ["confirmed", "left"]


def test_what_is_read_from_which_column_can_be_told(tmp_path):
    options = ImportOptions(newsletter="news", fields=("zip-code",))
    parser, _, _ = told(tmp_path, f"{MAILCHIMP}TAGS,Language\n", options)
    assert dict(parser.mapped_columns()) == {
        "address": "Email Address",
        "name": "First Name, Last Name",
        "agreed at": "CONFIRM_TIME, OPTIN_TIME",
        "language": "Language",
        "tags": "TAGS",
        "field zip-code": "ZIP Code",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-01-02", "2024-01-02T00:00:00+00:00"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05+00:00"),
        ("2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678000+00:00"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05+00:00"),
        ("Jan 2, 2024", "2024-01-02T00:00:00+00:00"),
        ("03/04/2024", None),
        ("soon", None),
        ("2099-01-01", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_times_are_read_or_not_but_never_guessed(tmp_path, written, meant):
    _, _, [one] = told(
        tmp_path,
        f'email,created_at,complimentary_plan,stripe_customer_id\na@example.com,"{written}",,\n',
    )
    assert (one.at.isoformat() if one.dated else None) == meant


def test_too_much_of_anything_is_refused_or_cut(tmp_path):
    options = ImportOptions(newsletter="news", fields=("city",))
    long = "x" * 501
    _, _, people = told(
        tmp_path,
        f"email,name,city,tags\na@example.com,{long},,\nb@example.com,,{long},\nc@example.com,,,{long}\n",
        options,
    )
    assert people[0] == "a name of more than 200 characters"
    assert people[1] == "more than 500 characters in one field"
    assert [len(tag) for tag in people[2].tags] == [100]

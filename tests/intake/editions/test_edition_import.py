"""Edition files as they are taken in: names, front matter, and what is reported."""

from datetime import UTC, datetime

import pytest
from PIL import Image

from syndicate.errors import Refused
from syndicate.intake.editions import edition_import
from syndicate.intake.editions.edition_fields import read_edition_fields
from syndicate.intake.editions.edition_import import import_edition_files
from syndicate.intake.editions.edition_names import find_named_slot
from syndicate.model.articles import Person, Revision, Sponsor
from tests.sample_articles import add_article

AT = datetime(2026, 11, 30, 18, tzinfo=UTC)
SCHEDULES = [
    {"name": "briefing", "newsletter": "breaking", "cron": "0 7,17 * * mon-fri"},
    {"name": "weekly", "newsletter": "breaking", "cron": "30 2 * * sun"},
    {"name": "0700-club", "newsletter": "breaking", "cron": "0 7 * * *"},
    {"name": "alerts", "newsletter": "breaking", "every": "10m"},
]


@pytest.fixture
def config(publication):
    """A publication in Berlin with four schedules."""
    return publication(publication={"timezone": "Europe/Berlin"}, schedules=SCHEDULES)


@pytest.fixture
def write(config):
    """Write an edition file."""
    folder = config.root / "editions"
    folder.mkdir()

    def write(name: str, text: str = "Hello.\n") -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return write


def named(stem, config):
    found = find_named_slot(stem, config, at=AT)
    return found.schedule.name, found.starts_at


@pytest.mark.parametrize(
    ("stem", "schedule", "starts_at"),
    [
        ("2026-12-01-0700-briefing", "briefing", datetime(2026, 12, 1, 6, tzinfo=UTC)),
        ("2026-12-01-1700-briefing", "briefing", datetime(2026, 12, 1, 16, tzinfo=UTC)),
        ("2026-12-6-weekly", "weekly", None),
        ("2026-12-06-weekly", "weekly", datetime(2026, 12, 6, 1, 30, tzinfo=UTC)),
        ("2027-03-28-weekly", "weekly", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("2027-03-28-0230-weekly", "weekly", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("2027-03-28-0330-weekly", "weekly", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("2026-10-25-0230-weekly", "weekly", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-12-01-0700-club", "0700-club", datetime(2026, 12, 1, 6, tzinfo=UTC)),
        ("2026-12-01-0710-alerts", "alerts", datetime(2026, 12, 1, 6, 10, tzinfo=UTC)),
        ("next-briefing", "briefing", datetime(2026, 12, 1, 6, tzinfo=UTC)),
    ],
)
def test_a_name_is_about_a_slot_in_the_zone_of_its_schedule(config, stem, schedule, starts_at):
    if starts_at is None:
        with pytest.raises(Refused, match="is not a date"):
            named(stem, config)
    else:
        assert named(stem, config) == (schedule, starts_at)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("2026-12-01-briefing", "briefing has 2 slots on 2026-12-01 (07:00, 17:00): name it 2026-12-01-0700-briefing.md"),
        ("2026-12-05-briefing", "briefing has no slot on 2026-12-05; the next is 2026-12-07 07:00"),
        ("2026-12-01-0800-briefing", "briefing has no slot at 08:00 on 2026-12-01, only 07:00, 17:00"),
        ("0001-01-01-briefing", "0001-01-01 is not a date; expected one such as 2026-12-01"),
        ("9999-12-31-briefing", "9999-12-31 is not a date; expected one such as 2026-12-01"),
        ("next-", "expected a name such as 2026-12-01-briefing.md"),
        ("2026-12-01-briefings", "no schedule is called briefings; did you mean briefing?"),
        ("2026-12-01-xyz", "no schedule is called xyz; there are briefing, weekly, 0700-club, alerts"),
        ("2026-02-30-briefing", "2026-02-30 is not a date; expected one such as 2026-12-01"),
        ("briefing-2026-12-01", "expected a name such as 2026-12-01-briefing.md"),
        ("2026-12-01-alerts", "alerts has 144 slots on 2026-12-01 (00:00, 00:10, 00:20, 00:30, 00:40 and 139 more)"),
    ],
)  # fmt: skip
def test_a_name_with_a_mistake_is_refused(sqlite_store, config, write, name, reason):
    write(f"{name}.md")
    (result,) = import_edition_files(sqlite_store, config, at=AT)
    assert result.outcome == "refused"
    assert result.reason.startswith(f"editions/{name}.md: {reason}")


def fields(text, config):
    file = config.root / "editions" / "2026-12-01-briefing.md"
    return read_edition_fields(text.encode(), file, "e.md", config, save_media=True)


def test_a_preheader_has_no_markdown(config):
    brief = fields('---\npreheader: "Fog, and **what** [floats](/f/)"\n---\nHi.', config).brief
    assert brief.preheader == "Fog, and what floats"


def test_every_format_of_front_matter_says_the_same(config):
    yaml = "---\nsubject: Fog\nstories: [a, b]\nsponsor: {name: Orsk, url: 'https://o.example/'}\n---\nHi."
    toml = '+++\nsubject = "Fog"\nstories = ["a", "b"]\nsponsor = {name = "Orsk", url = "https://o.example/"}\n+++\nHi.'
    json = '{"subject": "Fog", "stories": ["a", "b"], "sponsor": {"name": "Orsk", "url": "https://o.example/"}}\nHi.'
    briefs = [fields(text, config).brief for text in (yaml, toml, json)]
    for brief in briefs:
        assert (brief.subject, [one.slug for one in brief.stories]) == ("Fog", ["a", "b"])
        assert brief.sponsor == Sponsor(name="Orsk", url="https://o.example/")
        assert brief.opening == "<p>Hi.</p>"


def test_a_file_without_front_matter_is_all_opening(config):
    assert fields("# Hi\n<script>x</script>\n", config).brief.opening.startswith("<h2 ")


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("draft: true", "e.md:2: draft is unknown; write status: draft"),
        ("title: x", "e.md:2: title is unknown; did you mean subject?"),
        ("\nleaveout: [a]", "e.md:3: leaveout is unknown; did you mean leave_out?"),
        ("colour: red", "e.md:2: colour is unknown; known are subject, preheader"),
        ("stories:\n- a\n- b\n- a", "e.md:5: stories has a twice, first on line 3; remove one"),
        ("stories: [a]\nleave_out: [a]", "e.md:3: a is in stories and in leave_out"),
        ("stories: {a: b}", "e.md:2: stories = a table — expected a list of slugs"),
        ("sponsor: {url: 'https://o.example'}", "e.md:2: sponsor = a table — expected a name"),
        (
            "sponsor: {name: O, url: 'ftp://o'}",
            'e.md:2: sponsor.url = "ftp://o" — expected an http',
        ),
        ("status: published", 'e.md:2: status = "published" — expected draft, or ready'),
        ("closing: [a]", "e.md:2: closing = a list — expected Markdown"),
    ],
)
def test_a_mistake_is_refused_with_its_line(config, head, reason):
    with pytest.raises(Refused) as caught:
        fields(f"---\n{head}\n---\n", config)
    assert str(caught.value).startswith(reason)


def test_pictures_and_the_logo_are_kept_and_published(config, write):
    write("x.md")
    Image.new("RGB", (900, 600), (11, 92, 138)).save(config.root / "editions" / "map.png")
    read = fields("---\nsponsor: {name: Orsk, logo: map.png}\n---\n![A map](map.png)\n", config)
    assert read.mistakes == ()
    (picture,) = read.brief.figures
    assert (picture.width, picture.alt) == (900, "A map")
    assert read.brief.sponsor.logo.src == picture.src
    assert (config.root / picture.src).is_file()
    assert read.pictures[0].src in read.brief.pictures


def test_a_name_like_an_authors_is_a_mistake_and_any_other_is_not(sqlite_store, config, write):
    authors = (Person(name="Maren Tolk"),)
    with sqlite_store.write() as tx:
        revision = Revision(title="Tram", body="", authors=authors)
        add_article(tx, revision, at=AT, id="tram", slug="tram", path="tram.md", source="x")
        tx.articles.assign_numbers(AT)
    for number, name in enumerate(("Maren Tolk", "Maren Tolc", "The night desk"), 1):
        write(f"2026-12-0{number}-0700-briefing.md", f"---\nsigned: {name}\n---\n")
    found = import_edition_files(sqlite_store, config, at=AT)
    assert [one.warnings for one in found] == [
        (),
        (
            (
                'editions/2026-12-02-0700-briefing.md:2: signed = "Maren Tolc" — no article is by '
                "that author; did you mean Maren Tolk?"
            ),
        ),
        (),
    ]
    with sqlite_store.read() as tx:
        assert [file.brief.has_page for file in tx.edition_files.all()] == [True, False, False]


def test_only_what_has_changed_is_new_and_a_dry_run_changes_nothing(sqlite_store, config, write):
    write("2026-12-01-0700-briefing.md")
    write("README.md")
    (tried,) = import_edition_files(sqlite_store, config, at=AT, dry_run=True)
    outcomes = [
        [str(one.outcome) for one in import_edition_files(sqlite_store, config, at=AT)]
        for _ in range(2)
    ]
    write("2026-12-01-0700-briefing.md", "Changed.\n")
    (revised,) = import_edition_files(sqlite_store, config, at=AT, only_changed=True)
    assert (str(tried.outcome), outcomes, str(revised.outcome)) == (
        *("new", [["new"], ["unchanged"]]),
        "revised",
    )
    assert import_edition_files(sqlite_store, config, at=AT, only_changed=True) == []


def test_a_slug_that_nothing_has_is_reported_with_a_similar_one(sqlite_store, config, write):
    with sqlite_store.write() as tx:
        revision = Revision(title="Tram", body="", date=datetime(2026, 12, 1, 5, tzinfo=UTC))
        add_article(tx, revision, at=AT, id="t", slug="harbour-tram", path="t.md", source="x")
    write("2026-12-01-0700-briefing.md", "---\nstories: [harbour-trm, harbour-tram]\n---\n")
    (result,) = import_edition_files(sqlite_store, config, at=AT)
    assert result.warnings == (
        (
            "editions/2026-12-01-0700-briefing.md:2: no article has the slug harbour-trm; did you "
            "mean harbour-tram?"
        ),
    ), "the other one is public by the slot"


def test_a_name_that_is_not_utf8_is_refused_with_the_remedy(sqlite_store, config, write):
    write("2026-12-01-0700-brie\udcfffing.md")
    found = [import_edition_files(sqlite_store, config, at=AT)[0] for _ in range(2)]
    path = "editions/2026-12-01-0700-brie\\udcfffing.md"
    reason = f"{path}: expected a file name in UTF-8; rename it"
    assert [(one.path, one.reason, one.traceback) for one in found] == [(path, reason, "")] * 2
    assert [str(one.outcome) for one in found] == ["refused", "refused"]


def test_a_bug_of_ours_is_a_mistake_for_which_the_edition_waits(
    sqlite_store, config, write, monkeypatch
):
    def fail(*_arguments: object, **_options: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(edition_import, "read_edition_fields", fail)
    write("2026-12-01-0700-briefing.md")
    (result,) = import_edition_files(sqlite_store, config, at=AT, only_changed=True)
    assert "RecursionError: too deep" in result.traceback
    with sqlite_store.read() as tx:
        (file,) = tx.edition_files.of_slot("briefing", datetime(2026, 12, 1, 6, tzinfo=UTC))
    assert file.mistakes == (result.reason,)
    assert import_edition_files(sqlite_store, config, at=AT, only_changed=True) == []


def test_a_slot_from_before_the_schedule_began_is_reported(sqlite_store, config, write):
    write("2026-11-27-0700-briefing.md")
    write("2026-11-30-1700-briefing.md")
    before, due = import_edition_files(sqlite_store, config, at=AT)
    path = "editions/2026-11-27-0700-briefing.md"
    assert before.warnings == (
        f"{path}: its slot has passed without an edition, so it has no effect",
    )
    assert due.warnings == ()

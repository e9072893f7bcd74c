"""Articles in the store: identity, revisions, public numbers, windows."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.errors import Refused
from syndicate.model.article_selection import ArticleWindow
from syndicate.model.articles import Comments, Figure, Person, Revision, Sponsor, Status
from syndicate.model.editions import Content, Draft, EditionKind, Item
from syndicate.store import NewArticle
from tests.sample_articles import add_article

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def file(tx, slug="tram", *, at=NOW, **changes):
    revision = Revision(**{"title": slug.title(), "body": "<p>Text.</p>", **changes})
    return add_article(
        tx, revision, id=f"id:{slug}", slug=slug, path=f"articles/{slug}.md", source=slug, at=at
    )


def revise(tx, article, *, slug=None, path=None, at=NOW, **changes):
    revision = Revision(**{"title": article.title, "body": article.body, **changes})
    new = NewArticle(
        id=article.id,
        slug=slug or article.slug,
        path=path or article.path,
        source="changed",
        revision=revision,
    )
    return tx.articles.revise(article, new, at)


def carry(tx, newsletter, *articles):
    content = Content(subject="News", preheader="", html="", text="", nonce="n")
    number = tx.articles.newest_number()
    draft = Draft(
        newsletter=newsletter,
        schedule=newsletter,
        kind=EditionKind.DIGEST,
        content=content,
        items=tuple(Item(article=a.key, revision=a.revision) for a in articles),
        upto=number,
        newest=number,
        created_at=NOW,
        expires_at=NOW + HOUR,
    )
    return tx.editions.add(draft)


def public(tx, at):
    return tx.published.since(at - 1000 * HOUR, at, limit=10)


def slugs(articles):
    return [article.slug for article in articles]


def test_everything_about_an_article_comes_back_as_it_was_filed(store):
    said = Revision(
        title="Tram « opens » 👩‍🚀",
        body="<p>A &amp; B</p>",
        date=NOW - HOUR,
        updated=NOW,
        section="City",
        tags=("tram", "harbour"),
        authors=(Person(name="Ada", url="https://example.org/ada"),),
        contributors=(Person(name="Bo", place="Hanoi", email="bo@example.org"),),
        breaking=True,
        summary="It opens.",
        excerpt="It opens.",
        image=Figure(src="media/a.jpg", alt="a", caption="b", credit="c", width=4, height=3),
        figures=(Figure(src="https://example.org/b.png", alt="b"),),
        canonical_url="https://example.org/tram",
        comments=Comments(count=3, url="https://example.org/tram#comments"),
        language="en-GB",
        sponsor=Sponsor(
            name="Orsk",
            url="https://orsk.example/",
            logo=Figure(src="media/l.png", alt="Orsk", width=400, height=90, variants=(400,)),
        ),
        extra={"layout": "post", "weights": [1, 2]},
    )
    with store.write() as tx:
        add_article(tx, said, id="x", slug="tram", path="a.md", source="s", at=NOW)
    with store.read() as tx:
        found = tx.articles.by_id("x")
    assert found is not None
    for name in Revision.__dataclass_fields__:
        assert getattr(found, name) == getattr(said, name), name


def test_a_corrected_article_keeps_its_id_and_gets_a_revision(store):
    with store.write() as tx:
        first = file(tx)
        second = revise(tx, first, title="Tram opened", at=NOW + HOUR)
    assert (second.id, second.revision, second.title) == (first.id, 2, "Tram opened")
    assert second.modified == NOW + HOUR
    assert second.published == NOW


def test_the_same_text_again_is_no_revision(store):
    with store.write() as tx:
        first = file(tx)
        assert revise(tx, first, at=NOW + HOUR) == first


def test_an_old_slug_leads_to_its_article_and_can_be_nobody_elses(store):
    with store.write() as tx:
        renamed = revise(tx, file(tx, "tram"), slug="harbour-tram")
        assert tx.articles.by_slug("tram") == renamed
        assert tx.published.old_addresses([renamed.key]) == {renamed.key: ["/articles/tram/"]}
        other = file(tx, "ferry")
        with pytest.raises(Refused, match="slug tram belongs to 'Tram'"):
            revise(tx, other, slug="tram")
        with pytest.raises(Refused, match="slug tram belongs"):
            add_article(
                tx, Revision(title="T", body=""), id="n", slug="tram", path=None, source="", at=NOW
            )


def test_an_article_may_take_its_old_slug_back(store):
    with store.write() as tx:
        renamed = revise(tx, file(tx, "tram"), slug="harbour-tram")
        assert revise(tx, renamed, slug="tram").slug == "tram"
        assert tx.published.old_addresses([renamed.key]) == {
            renamed.key: ["/articles/harbour-tram/"]
        }


def test_an_id_is_never_given_twice(store):
    with store.write() as tx:
        file(tx, "tram")
        with pytest.raises(Refused, match="id id:tram is another"):
            add_article(
                tx,
                Revision(title="T", body=""),
                id="id:tram",
                slug="x",
                path=None,
                source="",
                at=NOW,
            )


def test_a_file_holds_one_article(store):
    with store.write() as tx:
        file(tx, "tram")
        moved = revise(tx, file(tx, "ferry"), path="articles/tram.md")
        assert tx.articles.find_many({"path": ["articles/tram.md"]}) == [moved]
        first = tx.articles.by_slug("tram")
    assert first is not None
    assert first.path is None


def test_a_draft_is_not_seen_before_it_is_published(store):
    with store.write() as tx:
        draft = file(tx, status=Status.DRAFT)
        assert public(tx, NOW + HOUR) == []
        published = revise(tx, draft, at=NOW + HOUR)
        assert slugs(public(tx, NOW + HOUR)) == ["tram"]
    assert published.published == NOW + HOUR


def test_what_is_dated_ahead_is_in_nothing_until_then(store):
    with store.write() as tx:
        file(tx, date=NOW + HOUR)
        assert tx.articles.assign_numbers(NOW) == 0
        assert public(tx, NOW) == []
        assert tx.articles.assign_numbers(NOW + HOUR) == 1
        assert slugs(public(tx, NOW + HOUR)) == ["tram"]


def test_public_numbers_follow_publication_and_are_given_once(store):
    with store.write() as tx:
        file(tx, "later", date=NOW - HOUR)
        file(tx, "sooner", date=NOW - 2 * HOUR)
        assert tx.articles.assign_numbers(NOW) == 2
        assert tx.articles.assign_numbers(NOW) == 0
        numbers = {article.slug: article.number for article in tx.articles.all()}
    assert numbers == {"sooner": 1, "later": 2}


def test_only_the_first_breaking_flag_gives_a_new_number(store):
    with store.write() as tx:
        article = file(tx)
        file(tx, "ferry")
        tx.articles.assign_numbers(NOW)
        flagged = revise(tx, article, breaking=True)
        tx.articles.assign_numbers(NOW)
        assert tx.articles.by_slug("tram").number == 3
        calm = revise(tx, flagged, breaking=False)
        revise(tx, calm, breaking=True, title="Again")
        assert tx.articles.assign_numbers(NOW) == 0


def test_a_late_article_is_new_to_an_edition_whatever_its_date(store):
    with store.write() as tx:
        first = file(tx, "first")
        tx.articles.assign_numbers(NOW)
        carry(tx, "news", first)
        file(tx, "backdated", date=NOW - 1000 * HOUR)
        tx.articles.assign_numbers(NOW)
        assert slugs(tx.articles.candidates("news", ArticleWindow(after=1), at=NOW)) == [
            "backdated"
        ]


def test_an_article_that_is_put_off_is_new_when_its_time_has_come(store):
    later = NOW + HOUR
    with store.write() as tx:
        file(tx, "first")
        put_off = file(tx, "second")
        file(tx, "third")
        tx.articles.assign_numbers(NOW)
        revise(tx, put_off, date=later)
        assert slugs(tx.articles.candidates("news", ArticleWindow(), at=NOW)) == ["first", "third"]
        assert tx.articles.covered_until(ArticleWindow(), NOW) == put_off.key - 1
        assert tx.articles.covered_until(ArticleWindow(), later) == tx.articles.newest_number() == 3
        assert slugs(tx.articles.candidates("news", ArticleWindow(after=1), at=later)) == [
            "second",
            "third",
        ]


def test_what_a_newsletter_carried_is_not_new_to_it_again_but_is_to_another(store):
    with store.write() as tx:
        article = file(tx)
        tx.articles.assign_numbers(NOW)
        carry(tx, "news", article)
        assert tx.articles.candidates("news", ArticleWindow(), at=NOW) == []
        assert slugs(tx.articles.candidates("other", ArticleWindow(), at=NOW)) == ["tram"]


def test_a_retracted_article_is_taken_back_everywhere_and_can_be_restored(store):
    with store.write() as tx:
        article = file(tx)
        tx.articles.assign_numbers(NOW)
        tx.articles.retract(article, NOW)
        assert public(tx, NOW) == []
        assert tx.articles.candidates("news", ArticleWindow(), at=NOW) == []
        assert tx.articles.by_slug("tram").retracted_at == NOW
        tx.articles.restore(article)
        assert slugs(public(tx, NOW)) == ["tram"]


def test_an_article_taken_back_while_it_is_being_revised_stays_so(store):
    with store.write() as tx:
        article = file(tx)
        tx.articles.retract(article, NOW)
        revise(tx, article, title="As the file said a moment before")
        assert tx.articles.by_slug("tram").retracted_at == NOW


def test_a_revision_may_retract_an_article_and_the_first_time_stands(store):
    with store.write() as tx:
        gone = revise(tx, file(tx), status=Status.RETRACTED, at=NOW + HOUR)
        assert gone.retracted_at == NOW + HOUR
        again = revise(tx, gone, status=Status.RETRACTED, title="Gone", at=NOW + 2 * HOUR)
        assert again.retracted_at == NOW + HOUR


def test_the_mark_changes_when_one_is_taken_back_and_another_restored(store):
    with store.write() as tx:
        first, second = file(tx, "first"), file(tx, "second")
        tx.articles.assign_numbers(NOW)
        tx.articles.retract(first, NOW)
        before = tx.articles.change_marker(NOW, HOUR)
        tx.articles.restore(first)
        tx.articles.retract(second, NOW + HOUR)
        assert tx.articles.change_marker(NOW, HOUR) != before


def test_the_mark_changes_with_whatever_readers_could_see(store):
    with store.write() as tx:
        marks = [tx.articles.change_marker(NOW, HOUR)]
        article = file(tx)
        marks.append(tx.articles.change_marker(NOW, HOUR))
        tx.articles.assign_numbers(NOW)
        marks.append(tx.articles.change_marker(NOW, HOUR))
        article = revise(tx, article, title="New")
        marks.append(tx.articles.change_marker(NOW, HOUR))
        article = revise(tx, article, title="New", slug="newer")
        marks.append(tx.articles.change_marker(NOW, HOUR))
        tx.articles.retract(article, NOW)
        marks.append(tx.articles.change_marker(NOW, HOUR))
        assert tx.articles.change_marker(NOW, HOUR) == marks[-1]
    assert len(set(marks)) == len(marks)


def test_the_mark_changes_when_a_story_is_breaking_no_more(store):
    with store.write() as tx:
        file(tx, breaking=True, date=NOW)
        during = tx.articles.change_marker(NOW + HOUR / 2, HOUR)
        assert tx.articles.change_marker(NOW, HOUR) == during
        assert tx.articles.change_marker(NOW + HOUR, HOUR) != during


# changes are counted


def changes(store):
    with store.read() as tx:
        return [tx.published.newest_change(), len(tx.published.changed(0, since=NOW, at=NOW))]


def test_every_change_gets_the_next_number(store):
    numbers = []

    def note():
        numbers.append(changes(store)[0])

    with store.write() as tx:
        tram, ferry = file(tx), file(tx, "ferry")
    note()
    with store.write() as tx:
        tram = revise(tx, tram, title="Tram opened")
    note()
    with store.write() as tx:
        tx.articles.assign_numbers(NOW)
    note()
    with store.write() as tx:
        tx.articles.retract(ferry, NOW)
    note()
    with store.write() as tx:
        tx.articles.restore(ferry)
    note()
    with store.write() as tx:
        tx.articles.assign_numbers(NOW)
    note()
    assert numbers == [2, 3, 5, 6, 7, 7]


def test_numbers_of_changes_grow_in_the_order_of_commits_and_never_repeat(store):
    start = threading.Barrier(2)
    seen: list[list[int]] = []

    def write(name: str) -> None:
        start.wait()
        for number in range(20):
            with store.write() as tx:
                before = tx.published.newest_change()
                file(tx, f"{name}-{number}")
                file(tx, f"{name}-{number}-more")
                tx.lock_numbers()
                seen.append([before, tx.published.newest_change()])

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # told while the lock was held, so in the order of the commits
    assert [after for _, after in seen] == list(range(2, 82, 2))
    assert changes(store) == [80, 80]

"""Use-case guides: drafts, versions, addresses, and what the database refuses (C7)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from partners import errors
from partners.admin.guides import compare
from partners.models import Guide, GuideAddress, GuideVersion
from partners.services.guides import (
    GuideText,
    bring_guide_back,
    discard_draft,
    place_guide,
    publish_guide,
    restore_version,
    save_draft,
    start_guide,
    withdraw_guide,
)
from ssp.core.models import AuditEntry
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.guides import a_draft, a_guide, changed, drafted, published, writer
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C7")]
TEXT = GuideText("Title", "Summary", "Text")


def numbers(guide: Guide) -> list[int]:
    return list(
        guide.versions.filter(number__isnull=False).order_by("number").values_list("number", flat=True)
    )


# --- who ----------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.DIRECTOR, Role.ADMINISTRATOR])
def test_sales_directors_and_administrators_write(role: Role) -> None:
    assert a_draft(by=writer(role=role)).pk


@pytest.mark.parametrize("role", [Role.FINANCE, Role.PARTNER])
def test_nobody_else_writes(role: Role) -> None:
    guide, somebody = a_guide(), UserFactory(roles=[role], is_superuser=True)
    said = {"guide": guide, "revision": guide.revision, "by": somebody, "at": MONDAY}

    for press in (
        lambda: start_guide(slug="x", text=TEXT, by=somebody, at=MONDAY),
        lambda: save_draft(text=TEXT, **said),
        lambda: publish_guide(what_changed="", **said),
        lambda: discard_draft(**said),
        lambda: restore_version(number=1, why="x", **said),
        lambda: place_guide(slug="x", topics=[], position=1, **said),
        lambda: withdraw_guide(reason="x", **said),
        lambda: bring_guide_back(**said),
    ):
        with pytest.raises(errors.NotGuideWriter):
            press()


# --- drafts and versions --------------------------------------------------------------
def test_a_draft_becomes_version_one_and_its_changes_the_next() -> None:
    guide = a_draft()
    published(guide)
    changed(guide, "Better", "Shorter")
    changed(guide, "Best", "Shorter still")

    assert numbers(guide) == [1, 2, 3]
    assert guide.current is not None
    assert (guide.current.number, guide.current.what_changed) == (3, "Shorter still")


def test_visitors_read_the_old_text_while_a_draft_is_written() -> None:
    guide = a_guide(source="As published")

    drafted(guide, "Not yet")

    assert guide.current is not None
    assert guide.current.source == "As published\n"


def test_a_new_version_says_what_changed() -> None:
    guide = a_guide()
    drafted(guide, "Other")

    with pytest.raises(errors.ChangeMissing):
        published(guide, what_changed="  ")


def test_the_same_text_makes_no_version() -> None:
    guide = a_guide(source="The same")

    with pytest.raises(errors.GuideUnchanged):
        drafted(guide, "The same\r\n")


def test_a_draft_that_came_back_to_the_published_text_is_not_published() -> None:
    guide = a_guide(source="The same")
    drafted(guide, "Other")
    drafted(guide, "The same")

    with pytest.raises(errors.GuideUnchanged):
        published(guide, what_changed="Nothing")


def test_without_a_draft_there_is_nothing_to_publish() -> None:
    with pytest.raises(errors.NothingToPublish):
        published(a_guide(), what_changed="x")


def test_a_draft_is_thrown_away() -> None:
    guide = a_guide()
    drafted(guide, "Other")

    discard_draft(guide=guide, revision=guide.revision, by=writer(), at=MONDAY)

    assert guide.versions.count() == 1


def test_the_only_text_of_a_guide_is_not_thrown_away() -> None:
    guide = a_draft()

    with pytest.raises(errors.NothingToPublish):
        discard_draft(guide=guide, revision=guide.revision, by=writer(), at=MONDAY)


def test_who_writes_on_an_older_text_overwrites_nothing() -> None:
    guide = a_guide()
    began_with = guide.revision
    drafted(guide, "Theirs")

    with pytest.raises(errors.GuideChanged):
        save_draft(guide=guide, text=TEXT, revision=began_with, by=writer(), at=MONDAY)

    assert guide.versions.get(published_at__isnull=True).source == "Theirs\n"


def test_what_is_published_is_what_its_publisher_read() -> None:
    guide = a_draft()
    read = guide.revision
    drafted(guide, "Changed since")

    with pytest.raises(errors.GuideChanged):
        publish_guide(guide=guide, what_changed="", revision=read, by=writer(), at=MONDAY)


@pytest.mark.parametrize(
    ("source", "refusal"), [("x" * 30_001, errors.GuideTextTooLong), ("a\x00b", errors.GuideTextUnreadable)]
)
def test_a_text_that_cannot_be_kept_is_refused(source: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        a_draft(source=source)


def test_an_old_version_is_published_again_as_a_new_one() -> None:
    guide = a_guide(source="First")
    changed(guide, "Second")
    drafted(guide, "A third in the making")

    restore_version(
        guide=guide, number=1, why="The second was wrong", revision=guide.revision, by=writer(), at=MONDAY
    )

    guide.refresh_from_db()
    assert guide.current is not None
    assert (guide.current.number, guide.current.source) == (3, "First\n")
    assert guide.versions.get(published_at__isnull=True).source == "A third in the making\n"


def test_each_step_is_recorded_without_a_word_of_the_text() -> None:
    guide = a_guide(title="A secret title")
    withdraw_guide(guide=guide, reason="Secret", revision=guide.revision, by=writer(), at=MONDAY)

    trail = AuditEntry.objects.filter(target_type="partners.guide", target_id=guide.pk)
    assert list(trail.order_by("pk").values_list("action", flat=True)) == [
        "guide.started",
        "guide.published",
        "guide.withdrawn",
    ]
    assert "ecret" not in str(list(trail.values_list("data", flat=True)))


# --- differences -------------------------------------------------------------------------
def test_a_comparison_shows_what_went_and_what_came() -> None:
    guide = a_guide(source="Same\n\nOld line\n\nEnd")
    changed(guide, "Same\n\nNew line\n\nEnd")
    first, second = guide.versions.order_by("number")

    lines = [(line.kind, line.text) for line in compare(first, second) if line.kind != "same"]

    assert lines == [("remove", "Old line"), ("add", "New line")]


# --- addresses ---------------------------------------------------------------------------
def test_an_address_that_a_guide_had_is_nobody_elses() -> None:
    guide = a_guide("first-name")
    place_guide(
        guide=guide,
        slug="second-name",
        topics=[],
        position=1,
        revision=guide.revision,
        by=writer(),
        at=MONDAY,
    )

    with pytest.raises(errors.GuideAddressTaken):
        a_draft("first-name")


def test_a_guide_takes_its_own_old_address_back() -> None:
    guide = a_guide("first-name")
    for slug in ("second-name", "first-name"):
        guide.refresh_from_db()
        place_guide(
            guide=guide, slug=slug, topics=[], position=1, revision=guide.revision, by=writer(), at=MONDAY
        )

    guide.refresh_from_db()
    assert guide.slug == "first-name"
    assert GuideAddress.objects.filter(guide=guide).count() == 2


# --- withdrawing ---------------------------------------------------------------------------
def test_a_withdrawn_guide_is_not_published_over() -> None:
    guide = a_guide()
    drafted(guide, "Other")
    withdraw_guide(guide=guide, reason="Wrong", revision=guide.revision, by=writer(), at=MONDAY)

    with pytest.raises(errors.GuideIsWithdrawn):
        published(guide, what_changed="x")


def test_withdrawing_needs_a_reason_and_a_published_guide() -> None:
    draft, guide = a_draft(), a_guide()
    with pytest.raises(errors.WithdrawalReasonMissing):
        withdraw_guide(guide=guide, reason=" ", revision=guide.revision, by=writer(), at=MONDAY)
    with pytest.raises(errors.GuideNotPublished):
        withdraw_guide(guide=draft, reason="x", revision=draft.revision, by=writer(), at=MONDAY)


# --- what the database refuses, whoever writes ------------------------------------------------
@pytest.mark.parametrize(
    "fields", [{"source": "Rewritten"}, {"number": 7}, {"published_at": MONDAY + timedelta(days=1)}]
)
def test_a_published_version_never_changes(fields: dict[str, object]) -> None:
    guide = a_guide()

    with pytest.raises(IntegrityError, match="guide_version_is_kept"):
        GuideVersion.objects.filter(guide=guide).update(**fields)


def test_a_published_version_is_never_deleted() -> None:
    guide = a_guide()

    with (
        pytest.raises(IntegrityError, match="guide_version_is_kept"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute("DELETE FROM partners_guideversion WHERE guide_id = %s", [guide.pk])
    with pytest.raises(ProtectedError):
        guide.delete()


def test_no_draft_becomes_the_page() -> None:
    guide = a_guide()
    draft = drafted(guide, "Other")

    with pytest.raises(IntegrityError, match="guide_current_is_published"):
        Guide.objects.filter(pk=guide.pk).update(current=draft)


def test_another_guides_version_does_not_become_the_page() -> None:
    guide, other = a_guide(), a_guide()

    with pytest.raises(IntegrityError, match="guide_current_is_published"):
        Guide.objects.filter(pk=guide.pk).update(current=other.current)


def test_a_published_guide_has_no_address_that_is_not_registered() -> None:
    guide = a_guide()

    with pytest.raises(IntegrityError, match="guide_address_is_registered"):
        Guide.objects.filter(pk=guide.pk).update(slug="elsewhere")


def test_an_address_never_leads_to_another_guide() -> None:
    guide, other = a_guide("a-name"), a_guide()

    with pytest.raises(Exception, match="Cannot update or delete"):
        GuideAddress.objects.filter(guide=guide).update(guide=other)


def test_a_version_has_its_number_exactly_when_it_is_published() -> None:
    guide = a_draft()

    with pytest.raises(IntegrityError, match="guide_version_numbered_when_published"):
        guide.versions.update(number=1)


def test_no_number_is_given_twice() -> None:
    guide = a_guide()
    drafted(guide, "Other")

    with pytest.raises(IntegrityError, match="guide_version_numbered_once"):
        guide.versions.filter(number__isnull=True).update(number=1, published_at=MONDAY, what_changed="x")


def test_a_guide_has_one_draft() -> None:
    guide = a_draft()

    with pytest.raises(IntegrityError, match="guide_one_draft"):
        GuideVersion.objects.create(
            guide=guide, title="x", summary="x", source="x", words="x", made_at=MONDAY
        )


def test_the_database_keeps_no_text_that_would_take_long_to_render() -> None:
    guide = a_draft()

    with pytest.raises(IntegrityError, match="guide_version_of_readable_length"):
        guide.versions.update(source="x" * 30_001)

"""Two writers at the same moment: nothing is lost, no number is given twice. The twin has no guard (C7)."""

import threading
from collections.abc import Callable

import pytest

from partners.errors import GuideAddressTaken, GuideChanged
from partners.models import Guide, GuideAddress, GuideVersion
from partners.services import guides
from partners.services.guides import GuideText, publish_guide, restore_version, save_draft
from ssp.core.models import User
from tests.factories.guides import a_draft, a_guide, changed, drafted, writer
from tests.integration.partners.test_races import at_once
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clause("C7")]


@pytest.fixture(autouse=True)
def meet_after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both threads look at the revision before either goes on, if the lock lets them."""
    barrier, real = threading.Barrier(2), guides._check_unchanged

    def look(guide: Guide, revision: int) -> None:
        real(guide, revision)
        try:
            barrier.wait(timeout=0.5)
        except threading.BrokenBarrierError:
            return

    monkeypatch.setattr(guides, "_check_unchanged", look)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take the lock away, when called."""

    def take() -> None:
        unlocked = Guide.objects.select_related("current")
        monkeypatch.setattr(guides, "lock_guide", lambda guide: unlocked.get(pk=guide.pk))

    return take


def saving(guide: Guide, by: User, title: str) -> Callable[[], object]:
    text = GuideText(title, "Summary", f"Text of {title}")
    return lambda: save_draft(guide=guide, text=text, revision=guide.revision, by=by, at=MONDAY)


def publishing(guide: Guide, by: User) -> Callable[[], object]:
    return lambda: publish_guide(guide=guide, what_changed="x", revision=guide.revision, by=by, at=MONDAY)


def prepared() -> tuple[Guide, User, User]:
    guide = a_guide()
    drafted(guide, "The next text")
    return guide, writer("First"), writer("Second")


def test_two_publishers_at_once_publish_once_and_one_is_told() -> None:
    guide, first, second = prepared()

    raised = at_once(publishing(guide, first), publishing(guide, second))

    assert [type(each) for each in raised] == [GuideChanged]
    assert sorted(guide.versions.values_list("number", flat=True)) == [1, 2]


def test_publishing_and_restoring_at_once_lose_nothing() -> None:
    guide = a_guide(source="First")
    changed(guide, "Second")
    drafted(guide, "Third")
    first, second = writer("First"), writer("Second")

    def restoring() -> object:
        return restore_version(guide=guide, number=1, why="x", revision=guide.revision, by=second, at=MONDAY)

    raised = at_once(publishing(guide, first), restoring)

    assert [type(each) for each in raised] == [GuideChanged]
    assert guide.versions.filter(number=3).count() == 1
    assert guide.versions.filter(source="Third\n").count() == 1  # published, or still the draft


def test_two_who_save_one_draft_at_once_do_not_overwrite_each_other() -> None:
    guide, first, second = prepared()

    raised = at_once(saving(guide, first, "Mine"), saving(guide, second, "Yours"))

    assert [type(each) for each in raised] == [GuideChanged]


def test_without_the_lock_a_draft_is_overwritten_silently(alone: Callable[[], None]) -> None:
    guide, first, second = prepared()
    alone()

    raised = at_once(saving(guide, first, "Mine"), saving(guide, second, "Yours"))

    assert raised == []  # both were told that their text is kept, and one of them isn't
    assert GuideVersion.objects.filter(guide=guide, published_at__isnull=True).count() == 1


def test_two_guides_that_want_one_address_at_once_do_not_share_it() -> None:
    by = writer()

    raised = at_once(lambda: a_draft("the-name", by=by), lambda: a_draft("the-name", by=by))

    assert [type(each) for each in raised] == [GuideAddressTaken]
    assert GuideAddress.objects.filter(slug="the-name").count() == 1

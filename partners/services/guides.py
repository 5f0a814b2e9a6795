"""Writing, publishing and withdrawing use-case guides (C7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from partners.errors import (
    ChangeMissing,
    GuideAddressTaken,
    GuideChanged,
    GuideIsWithdrawn,
    GuideNotPublished,
    GuideNotWithdrawn,
    GuideTextTooLong,
    GuideTextUnreadable,
    GuideUnchanged,
    NothingToPublish,
    WithdrawalReasonMissing,
)
from partners.markdown import SourceTooLong, plain
from partners.models import Guide, GuideAddress, GuideVersion, Topic
from partners.permissions import check_writes_guides
from ssp.core import audit
from ssp.core.errors import constraint_as
from ssp.core.models import User

FIRST = "First version"


@dataclass(frozen=True)
class GuideText:
    """What somebody wrote."""

    title: str
    summary: str
    source: str

    @property
    def fields(self) -> dict[str, str]:
        """The columns of a version; line ends are one character, however they were typed.

        :raises GuideTextTooLong, GuideTextUnreadable:
        """
        source = "\n".join(self.source.splitlines()).strip() + "\n"
        texts = {"title": self.title.strip(), "summary": self.summary.strip(), "source": source}
        if any("\x00" in text for text in texts.values()):
            raise GuideTextUnreadable
        try:
            return {**texts, "words": plain(source)}
        except SourceTooLong as refusal:
            raise GuideTextTooLong from refusal


def lock_guide(guide: Guide) -> Guide:
    """Return the guide's present row, locked: changes of one guide take turns."""
    return Guide.objects.select_for_update(of=("self",)).select_related("current").get(pk=guide.pk)


def _check_unchanged(guide: Guide, revision: int) -> None:
    if guide.revision != revision:
        raise GuideChanged


def _touch(guide: Guide, action: str, *, by: User | None, at: datetime, **data: int | str) -> None:
    guide.revision += 1
    guide.changed_at = at
    guide.save()
    audit.record(f"guide.{action}", guide, by=by, at=at, revision=guide.revision, **data)


@transaction.atomic
def start_guide(
    *,
    slug: str,
    text: GuideText,
    topics: Iterable[Topic] = (),
    position: int = 100,
    by: User | None,
    at: datetime,
) -> Guide:
    """Begin a guide as a draft that only writers see (C7).

    :param by: None when the software brings it.
    :raises NotGuideWriter, GuideAddressTaken, GuideTextTooLong, GuideTextUnreadable:
    """
    check_writes_guides(by)
    fields = text.fields
    guide = Guide(slug=slug, position=position, changed_at=at)
    with constraint_as("partners_guide_slug", GuideAddressTaken), transaction.atomic():
        guide.save()
    _take_address(guide, slug, at=at)
    guide.topics.set(topics)
    GuideVersion.objects.create(guide=guide, author=by, made_at=at, **fields)
    _touch(guide, "started", by=by, at=at)
    return guide


def _take_address(guide: Guide, slug: str, *, at: datetime) -> None:
    if GuideAddress.objects.filter(slug=slug, guide=guide).exists():
        return
    with constraint_as("partners_guideaddress_pkey", GuideAddressTaken), transaction.atomic():
        GuideAddress.objects.create(slug=slug, guide=guide, taken_at=at)


@transaction.atomic
def save_draft(
    *, guide: Guide, text: GuideText, revision: int, by: User | None, at: datetime
) -> GuideVersion:
    """Keep a text as the guide's draft; nobody else reads it before it is published.

    :param revision: the guide's, when the writer began: somebody else's change since then is not overwritten.
    :raises NotGuideWriter, GuideChanged, GuideUnchanged, GuideTextTooLong, GuideTextUnreadable:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    fields = text.fields
    draft = guide.versions.filter(published_at__isnull=True).first()
    if draft is None:
        if guide.current is not None and guide.current.text == _text_of(fields):
            raise GuideUnchanged
        draft = GuideVersion(guide=guide)
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.author, draft.made_at = by, at
    draft.save()
    _touch(guide, "draft_saved", by=by, at=at)
    return draft


def _text_of(fields: dict[str, str]) -> tuple[str, str, str]:
    return (fields["title"], fields["summary"], fields["source"])


@transaction.atomic
def discard_draft(*, guide: Guide, revision: int, by: User, at: datetime) -> None:
    """Throw the draft of a published guide away.

    :raises NotGuideWriter, GuideChanged, NothingToPublish:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    draft = guide.versions.filter(published_at__isnull=True).first()
    if draft is None or guide.current is None:
        raise NothingToPublish
    draft.delete()
    _touch(guide, "draft_discarded", by=by, at=at)


@transaction.atomic
def publish_guide(
    *, guide: Guide, what_changed: str, revision: int, by: User | None, at: datetime
) -> GuideVersion:
    """Make the draft the version that everybody reads, under the next number, for good (C7).

    :param what_changed: for the readers; the first version needs none.
    :raises NotGuideWriter, GuideChanged, GuideIsWithdrawn, NothingToPublish, GuideUnchanged, ChangeMissing:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    if guide.withdrawn_at is not None:
        raise GuideIsWithdrawn
    draft = guide.versions.filter(published_at__isnull=True).first()
    if draft is None:
        raise NothingToPublish
    if guide.current is not None and guide.current.text == draft.text:
        raise GuideUnchanged
    what_changed = what_changed.strip() or ("" if guide.current else FIRST)
    if not what_changed:
        raise ChangeMissing
    draft.what_changed = what_changed
    return _publish(guide, draft, "published", by=by, at=at)


@transaction.atomic
def restore_version(
    *, guide: Guide, number: int, why: str, revision: int, by: User, at: datetime
) -> GuideVersion:
    """Publish the text of an old version again, as a new one; a draft stays what it is.

    :raises NotGuideWriter, GuideChanged, GuideIsWithdrawn, GuideUnchanged, ChangeMissing:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    if guide.withdrawn_at is not None:
        raise GuideIsWithdrawn
    old = guide.versions.get(number=number)
    if guide.current is not None and guide.current.text == old.text:
        raise GuideUnchanged
    if not why.strip():
        raise ChangeMissing
    copy = GuideVersion(
        guide=guide,
        title=old.title,
        summary=old.summary,
        source=old.source,
        words=old.words,
        what_changed=why.strip(),
        author=by,
        made_at=at,
    )
    return _publish(guide, copy, "restored", by=by, at=at, restored=number)


def _publish(
    guide: Guide, version: GuideVersion, action: str, *, by: User | None, at: datetime, **data: int
) -> GuideVersion:
    """Number and publish a version of a locked guide; the constraint would refuse a number given twice."""
    last = guide.versions.aggregate(last=Max("number"))["last"] or 0
    version.number, version.published_at = last + 1, at
    version.save()
    guide.current = version
    _touch(guide, action, by=by, at=at, number=version.number, **data)
    return version


@transaction.atomic
def place_guide(
    *,
    guide: Guide,
    slug: str,
    topics: Iterable[Topic],
    position: int,
    revision: int,
    by: User,
    at: datetime,
) -> Guide:
    """Say under which address, topics and position a guide stands. Its old addresses lead to the new one.

    :raises NotGuideWriter, GuideChanged, GuideAddressTaken:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    _take_address(guide, slug, at=at)
    guide.slug, guide.position = slug, position
    guide.topics.set(topics)
    with constraint_as("partners_guide_slug", GuideAddressTaken), transaction.atomic():
        _touch(guide, "placed", by=by, at=at)
    return guide


@transaction.atomic
def withdraw_guide(*, guide: Guide, reason: str, revision: int, by: User, at: datetime) -> Guide:
    """Take a guide off the site; its page says that it is withdrawn, its versions are kept.

    :raises NotGuideWriter, GuideChanged, GuideNotPublished, GuideIsWithdrawn, WithdrawalReasonMissing:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    if guide.current is None:
        raise GuideNotPublished
    if guide.withdrawn_at is not None:
        raise GuideIsWithdrawn
    if not reason.strip():
        raise WithdrawalReasonMissing
    guide.withdrawn_at, guide.withdrawn_reason = at, reason.strip()
    _touch(guide, "withdrawn", by=by, at=at)
    return guide


@transaction.atomic
def bring_guide_back(*, guide: Guide, revision: int, by: User, at: datetime) -> Guide:
    """Put a withdrawn guide on the site again, as it was.

    :raises NotGuideWriter, GuideChanged, GuideNotWithdrawn:
    """
    check_writes_guides(by)
    guide = lock_guide(guide)
    _check_unchanged(guide, revision)
    if guide.withdrawn_at is None:
        raise GuideNotWithdrawn
    guide.withdrawn_at, guide.withdrawn_reason = None, ""
    _touch(guide, "brought_back", by=by, at=at)
    return guide

"""Forgetting people: by their own word at once, or 12 months after an introduction came to nothing.

Both go through `empty_person`, so that what is personal is written down once (invariant 14).
"""

from datetime import datetime

from django.db import transaction

from referrals.forgetting import came_to_nothing, is_final
from referrals.models import Confirmation, Deal, Introduction, Referral, UseCaseComment
from referrals.services.notes import forget_notes
from ssp.core import audit
from ssp.core.periods import local_date

PERSONAL_FIELDS = ["first_name", "last_name", "email", "title", "relation"]
WORDS = ["reason", "contest_reason", "settlement"]  # of an answer; people write names into them
A_NIGHT = 500


def empty_person(row: Referral, *, at: datetime) -> None:
    """Empty every personal field of a locked referral, and what people wrote where they may have named them.

    What stays is no person's: company, dates, types of referral, use cases and deals, and the keyed hash by
    which an objection is recognised (C12). Known contacts have another purpose and stay. Words that a contest
    still needs are erased when it is over (`erase_words_of_answers`).
    """
    forget_notes(row)  # while their name is still known
    for name in PERSONAL_FIELDS:
        setattr(row, name, "")
    row.anonymised_at = row.anonymised_at or at
    row.save()
    UseCaseComment.objects.filter(use_case__referral=row).exclude(text="").update(text="")
    Introduction.objects.filter(referral=row).exclude(place="").update(place="")
    _erase_words(row, at=at)


def _erase_words(row: Referral, *, at: datetime) -> None:
    final = [meeting.pk for meeting in row.introductions.all() if is_final(meeting, at=at)]
    Confirmation.objects.filter(introduction__in=final).update(**dict.fromkeys(WORDS, ""))


def forget_whom_nothing_came_of(*, at: datetime, limit: int = A_NIGHT) -> int:
    """Forget people whose introduction came to nothing 12 months ago; returns how many. May run twice at
    once, and stop anywhere: each person is a transaction, and what is done isn't due again.
    """
    due = came_to_nothing(on=local_date(at)).order_by("pk").values_list("pk", flat=True)[:limit]
    return sum(_forget_if_due(pk, at=at) for pk in list(due))


@transaction.atomic
def _forget_if_due(pk: int, *, at: datetime) -> bool:
    """Lock what could bring the person back to life, then ask again: whoever was faster has committed."""
    family = Referral.objects.filter(pk=pk).values_list("root_id", flat=True).first() or pk
    locked = Referral.objects.select_for_update(skip_locked=True).filter(pk__in={pk, family})
    if len(locked) != len({pk, family}):
        return False  # somebody works on them at this moment: tomorrow
    list(Deal.objects.select_for_update().filter(use_case__referral=family).order_by("pk"))
    row = came_to_nothing(on=local_date(at)).filter(pk=pk).first()
    if row is None:
        return False
    last = row.last_activity_on  # type: ignore[attr-defined]
    empty_person(Referral.objects.get(pk=pk), at=at)
    audit.record("referral.anonymised", row, by=None, at=at, last_activity_on=last.isoformat())
    return True


def erase_words_of_answers(*, at: datetime) -> int:
    """Erase what was said about forgotten people's meetings once nobody can contest it; returns how many
    meetings. An objection may come while an answer is contested: the ruling needs the words until then.
    """
    said = Confirmation.objects.exclude(**dict.fromkeys(WORDS, "")).filter(
        introduction__referral__anonymised_at__isnull=False
    )
    done = 0
    for meeting in Introduction.objects.filter(confirmations__in=said).distinct().order_by("pk"):
        if is_final(meeting, at=at):
            done += bool(meeting.confirmations.update(**dict.fromkeys(WORDS, "")))
    return done

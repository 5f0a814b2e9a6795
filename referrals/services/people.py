"""Answering people who ask what is held about them, with a record of who answered (*People's data*)."""

from datetime import datetime

from django.db import transaction

from referrals.permissions import check_answers_people
from referrals.person_record import PersonRecord, record_of
from ssp.core import audit
from ssp.core.models import User


@transaction.atomic
def look_person_up(*, email: str, by: User, at: datetime) -> PersonRecord:
    """Return what is held about whoever has this address, and record on each row that somebody looked.

    :raises NotAllowed: neither a sales lead nor an administrator.
    """
    check_answers_people(by)
    record = record_of(email, at=at)
    _record("person.looked_up", record, by=by, at=at)
    return record


@transaction.atomic
def export_person(*, email: str, form: str, by: User, at: datetime) -> PersonRecord:
    """Return what is held, to be handed to the person as `form`; their record says who did it, and when.

    :raises NotAllowed: neither a sales lead nor an administrator.
    """
    check_answers_people(by)
    record = record_of(email, at=at)
    _record("person.exported", record, by=by, at=at, form=form)
    return record


def _record(action: str, record: PersonRecord, *, by: User, at: datetime, **data: str) -> None:
    audit.record_each(action, [*record.referrals, *record.contacts], by=by, at=at, **data)

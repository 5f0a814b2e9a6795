"""What sales notes for itself: only added, never shown to a partner, erased with the person."""

import re
from datetime import datetime

from django.db import models, transaction
from django.db.models import Q

from referrals.errors import NoteAboutNobody, NoteMissing, NoteTooLong
from referrals.models import Note, Referral, UseCase
from referrals.models.notes import SUBJECTS, Subject
from referrals.permissions import check_keeps_notes
from ssp.core import audit
from ssp.core.models import User

LONGEST = 4000


@transaction.atomic
def write_note(*, about: Subject, text: str, by: User, at: datetime) -> Note:
    """Note something about a person, a use case, a company or a partner. A second press adds nothing.

    :raises NotAllowed, OwnReferral: who may not read it either.  :raises NoteMissing, NoteTooLong:
    :raises NoteAboutNobody: the person objected, or was anonymised.
    """
    check_keeps_notes(by, about)
    text = text.replace("\x00", "").strip()
    if not text:
        raise NoteMissing
    if len(text) > LONGEST:
        raise NoteTooLong
    lock(about)
    last = last_about(about)
    if last is not None and (last.author_id, last.text) == (by.pk, text):
        return last
    note = Note.objects.create(**{SUBJECTS[type(about)]: about}, author=by, text=text, written_at=at)
    audit.record("note.written", about, by=by, at=at, note=note.pk)
    return note


def last_about(subject: Subject) -> Note | None:
    return Note.objects.about(subject).order_by("-written_at", "-pk").first()


def lock(about: Subject) -> None:
    """Let writers about one thing take turns; and whoever removes a person's details with them.

    :raises NoteAboutNobody: they are removed.
    """
    model: type[models.Model] = type(about)
    model._default_manager.select_for_update(no_key=True).get(pk=about.pk)
    person = about.referral_id if isinstance(about, UseCase) else about.pk
    if isinstance(about, Referral | UseCase) and person is not None:
        row = Referral.objects.select_for_update(no_key=True).get(pk=person)
        if row.anonymised_at is not None:
            raise NoteAboutNobody


def forget_notes(referral: Referral) -> int:
    """Erase what was noted about a person, and notes about others and the company that name them.

    Call it before their name is emptied. Returns how many texts were erased.
    """
    about_them = Q(referral=referral) | Q(use_case__referral=referral)
    nearby = Q(company=referral.company_id) | Q(partner=referral.partner_id)
    nearby |= Q(referral__company=referral.company_id) | Q(use_case__referral__company=referral.company_id)
    named = Q()
    for name in (referral.last_name, referral.email):
        if name.strip():
            named |= Q(text__iregex=rf"(^|\W){re.escape(name.strip())}($|\W)")
    found = Note.objects.filter(about_them | (nearby & named) if named else about_them)
    return Note.objects.filter(pk__in=found.values("pk")).exclude(text="").update(text="")

"""Comments on a use case: beside the partner's definition, never in its place (C8)."""

from datetime import datetime

from django.db import transaction

from referrals.errors import CommentMissing, CommentTooLong, ReferralNotOpen
from referrals.models import Referral, UseCase, UseCaseComment
from referrals.permissions import check_comments
from ssp.core import audit, outbox
from ssp.core.models import User

LONGEST = 4000


@transaction.atomic
def comment_on_use_case(*, use_case: UseCase, text: str, by: User, at: datetime) -> UseCaseComment:
    """Say something about a use case; the other side gets a mail. A second press of the same adds nothing.

    :param by: its partner, or somebody of sales who isn't its partner.
    :raises NotAllowed, OwnReferral: anybody else.  :raises CommentMissing, CommentTooLong:
    :raises ReferralNotOpen: the use case is about nobody yet, or about somebody who objected.
    """
    use_case = (
        UseCase.objects.select_for_update(of=("self",)).select_related("partner__user").get(pk=use_case.pk)
    )
    check_comments(by, use_case)
    text = text.replace("\x00", "").strip()
    if not text:
        raise CommentMissing
    if len(text) > LONGEST:
        raise CommentTooLong
    if use_case.referral_id is None:
        raise ReferralNotOpen
    # Their row's lock: what is written while they object is erased by it, or refused after it (C11).
    person = Referral.objects.select_for_update().get(pk=use_case.referral_id)
    if person.anonymised_at is not None:
        raise ReferralNotOpen
    last = use_case.comments.order_by("-written_at", "-pk").first()
    if last is not None and (last.author_id, last.text) == (by.pk, text):
        return last
    comment = UseCaseComment.objects.create(use_case=use_case, author=by, text=text, written_at=at)
    audit.record("use_case.commented", use_case, by=by, at=at, comment=comment.pk)
    outbox.enqueue(
        "referrals.use_case_commented",
        key=f"use_case_comment:{comment.pk}",
        payload={"comment_id": comment.pk},
        at=at,
    )
    return comment

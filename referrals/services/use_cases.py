"""Defining use cases (C8) and choosing how they pay (C5)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from partners.models import CommissionModel, Partner
from referrals.errors import ModelLocked, NotYourUseCase, PartnershipNotStarted, ReferralNotOpen
from referrals.models import Referral, UseCase
from ssp.core import audit
from ssp.core.models import User


@transaction.atomic
def define_use_case(
    *,
    partner: Partner,
    title: str,
    problem: str,
    data: str,
    who_feels_it: str,
    expected_value: str,
    referral: Referral | None = None,
    by: User,
    at: datetime,
) -> UseCase:
    """Define a need, before the meeting that is to be about it (C1, C8).

    :param referral: the person it is about, or somebody they passed us on to: it belongs to the root (C3).
    :raises PartnershipNotStarted: C6.  :raises ReferralNotOpen: nothing can come of it.
    """
    if not partner.is_active(at=at):
        raise PartnershipNotStarted
    root = referral.the_root if referral else None
    if root and (root.partner_id != partner.pk or not root.is_live or root.anonymised_at):
        raise ReferralNotOpen
    use_case = UseCase.objects.create(
        partner=partner,
        referral=root,
        title=title.strip(),
        problem=problem.strip(),
        data=data.strip(),
        who_feels_it=who_feels_it.strip(),
        expected_value=expected_value.strip(),
        defined_at=at,
    )
    audit.record(
        "use_case.defined", use_case, by=by, at=at, partner=partner.pk, referral=root.pk if root else None
    )
    return use_case


def attach_use_cases(
    *, referral: Referral, use_cases: Iterable[UseCase], by: User, at: datetime
) -> list[UseCase]:
    """Make use cases that are about nobody yet about this person's root; others must be so already.

    :raises NotYourUseCase: another partner's, another person's, or closed.
    """
    root = referral.the_root
    wanted = {use_case.pk for use_case in use_cases}
    rows = list(UseCase.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    for use_case in rows:
        if use_case.partner_id != referral.partner_id or not use_case.is_open:
            raise NotYourUseCase
        if use_case.referral_id is None:
            use_case.referral = root
            use_case.save(update_fields=["referral"])
            audit.record("use_case.attached", use_case, by=by, at=at, referral=root.pk)
        elif use_case.referral_id != root.pk:
            raise NotYourUseCase
    return rows


@transaction.atomic
def elect_model(*, use_case: UseCase, model: CommissionModel, by: User, at: datetime) -> UseCase:
    """Choose a percentage of recurring revenue or of the first invoice, until the use case is warm (C5).

    :raises ModelLocked: the window has opened.
    """
    locked = UseCase.objects.select_for_update().get(pk=use_case.pk)
    if locked.is_locked:
        raise ModelLocked
    locked.model = model
    locked.save(update_fields=["model"])
    audit.record("use_case.model_elected", locked, by=by, at=at, model=model.value)
    return locked

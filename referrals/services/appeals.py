"""Appeals against a refusal: one each, ending in acceptance or in the same neutral answer (C12).

A refused registration keeps a keyed hash alone. An appeal holds what its partner says about the person
until it is decided. A neutral answer goes out on a fixed day, whenever it was decided: time tells nothing.
"""

from datetime import datetime

from django.db import transaction

from partners.models import Partner
from referrals import queries
from referrals.errors import (
    AgreementNotAttested,
    NotEligible,
    OwnReferral,
)
from referrals.errors_disputed import (
    AppealAboutSomebodyElse,
    AppealDecided,
    AppealNeedsText,
    AppealTooLate,
    AppellantLeft,
    DecidedItFirst,
    DecisionNeedsReason,
    NothingToAppeal,
    PersonBelongsToSomebody,
    PersonObjected,
)
from referrals.models import Appeal, Company, Referral, ReferralStatus, Refusal, UseCase
from referrals.models.disputes import PERSONAL
from referrals.permissions import check_leads_sales, check_not_own, sales_leads
from referrals.rules import Person
from referrals.services.claims import end_overdue_claim, tell_person
from referrals.services.leaving import end_family_of_left_partner
from referrals.services.registration import claim, company_of
from ssp.core import audit, outbox
from ssp.core.errors import NotAllowed, constraint_as
from ssp.core.identity import identity_of
from ssp.core.models import User
from ssp.core.periods import local_date


def _tell(kind: str, appeal: Appeal, *, at: datetime, again: str = "") -> None:
    outbox.enqueue(kind, key=f"appeal:{appeal.pk}:{kind}{again}", payload={"appeal_id": appeal.pk}, at=at)


@transaction.atomic
def appeal_refusal(
    *, refusal: Refusal, text: str, person: Person | None = None, by: User, at: datetime
) -> Appeal:
    """Ask the sales leads to look at a refusal again, once and within 10 working days (C12).

    :param person: who was refused; None for a name that was declined by hand, whose referral says it.
    :raises NothingToAppeal, AppealTooLate: not this one.  :raises AppealNeedsText, AppealAboutSomebodyElse,
    AgreementNotAttested: not like this.
    """
    row = (
        Refusal.objects.select_for_update(of=("self",))
        .select_related("partner", "referral")
        .get(pk=refusal.pk)
    )
    if by.pk != row.partner.user_id:
        raise NotAllowed
    if hasattr(row, "appeal"):
        raise NothingToAppeal
    if row.appeal_until < local_date(at):
        raise AppealTooLate
    if not text.strip():
        raise AppealNeedsText
    fields = {}
    if row.referral_id is None:
        if person is None or identity_of(person.email) != row.identity:
            raise AppealAboutSomebodyElse
        if not person.agreed:
            raise AgreementNotAttested
        names = ("first_name", "last_name", "email", "company_name", "title", "relation")
        fields = {name: getattr(person, name).strip() for name in names}
    with constraint_as("referrals_appeal_refusal_id_key", NothingToAppeal), transaction.atomic():
        appeal = Appeal.objects.create(refusal=row, appealed_at=at, text=text.strip(), **fields)
    audit.record("referral.appealed", appeal, by=by, at=at, partner=row.partner_id)
    _tell("referrals.appealed", appeal, at=at)
    return appeal


def may_decide(appeal: Appeal, by: User) -> None:
    """Let a sales lead decide who isn't the partner, nor, if avoidable, who refused in the first place.

    :raises NotAllowed, OwnReferral, DecidedItFirst: not this one.
    """
    check_leads_sales(by)
    check_not_own(by, appeal.refusal.partner)
    if by.pk == appeal.refusal.refused_by_id and any(_could(lead, appeal) for lead in sales_leads()):
        raise DecidedItFirst


def _could(lead: User, appeal: Appeal) -> bool:
    try:
        check_not_own(lead, appeal.refusal.partner)
    except OwnReferral:
        return False
    return lead.is_active and lead.pk != appeal.refusal.refused_by_id


def _locked(appeal: Appeal) -> Appeal:
    row = (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("refusal__partner__user", "refusal__referral__company")
        .get(pk=appeal.pk)
    )
    if not row.is_open:
        raise AppealDecided
    return row


def accept_appeal(*, appeal: Appeal, reason: str, by: User, at: datetime) -> Referral:
    """Register the person for who appealed, from this day on, if nobody else has them now (C10, C12).

    The claim is a new one: its 60 days, its evidence and its contract are those of the day it was accepted. A
    known contact is no obstacle: that is what was decided.

    :raises AppealDecided: somebody was faster.  :raises PersonBelongsToSomebody, PersonObjected,
    AppellantLeft: it can't be accepted.
    """
    with transaction.atomic():  # whoever meets a claim that is over ends it, and that stays
        for held in Referral.objects.live().filter(identity=appeal.refusal.identity):
            end_overdue_claim(referral=held, at=at)
            end_family_of_left_partner(root_id=held.the_root.pk, at=at)
    return _accept(appeal=appeal, reason=reason, by=by, at=at)


@transaction.atomic
def _accept(*, appeal: Appeal, reason: str, by: User, at: datetime) -> Referral:
    partner = Partner.objects.select_for_update(no_key=True).get(pk=appeal.refusal.partner_id)
    row = _locked(appeal)
    may_decide(row, by)
    if not reason.strip():
        raise DecisionNeedsReason
    if not partner.is_active(at=at):
        raise AppellantLeft
    before = row.refusal.referral
    person, company = _person_of(row), (before.company if before else None)
    company = company or company_of(person)
    referral = _claim(row, person, company, partner=partner, by=by, at=at)
    if before:
        UseCase.objects.filter(referral=before, window_starts_on__isnull=True).update(referral=referral)
    _decide(row, accepted=True, reason=reason, referral=referral, by=by, at=at)
    tell_person(referral, at=at)
    row.told_at = at
    row.save(update_fields=["told_at"])
    _tell("referrals.appeal_answered", row, at=at)
    return referral


def _person_of(appeal: Appeal) -> Person:
    source = appeal.refusal.referral or appeal
    return Person(
        first_name=source.first_name,
        last_name=source.last_name,
        email=source.email,
        company_name=appeal.company_name,
        title=source.title,
        relation=source.relation,
        agreed=True,
    )


def _claim(
    appeal: Appeal, person: Person, company: Company, *, partner: Partner, by: User, at: datetime
) -> Referral:
    identity = appeal.refusal.identity
    if Referral.objects.filter(identity=identity, objected_at__isnull=False).exists() or not person.email:
        raise PersonObjected
    evidence = queries.what_semi_knew(person, identity=identity, company=company, at=at)
    try:
        referral = claim(
            partner=partner,
            company=company,
            person=person,
            identity=identity,
            evidence={**evidence, "appeal": appeal.pk},
            status=ReferralStatus.REGISTERED,
            accepted_at=at,
            agreement_attested=True,
            partner_confirmed_at=at,
            by=by,
            at=at,
        )
    except NotEligible as taken:
        raise PersonBelongsToSomebody from taken
    audit.record("referral.registered", referral, by=by, at=at, partner=partner.pk, appeal=appeal.pk)
    return referral


def _decide(
    row: Appeal, *, accepted: bool, reason: str, by: User, at: datetime, referral: Referral | None = None
) -> None:
    for name in PERSONAL:
        setattr(row, name, "")
    row.accepted, row.reason, row.referral = accepted, reason.strip(), referral
    row.decided_by, row.decided_at = by, at
    row.save()
    audit.record("referral.appeal_decided", row, by=by, at=at, accepted=accepted)


@transaction.atomic
def refuse_appeal(*, appeal: Appeal, reason: str, by: User, at: datetime) -> Appeal:
    """Give the neutral answer; the reason is for staff's eyes. The partner hears on the promised day.

    :raises AppealDecided: somebody was faster.  :raises DecisionNeedsReason: staff reads it.
    """
    row = _locked(appeal)
    may_decide(row, by)
    if not reason.strip():
        raise DecisionNeedsReason
    _decide(row, accepted=False, reason=reason, by=by, at=at)
    return row


# --- what the days bring ------------------------------------------------------------
def tell_answers(*, at: datetime) -> int:
    """Owe partners the neutral answers whose day has come."""
    decided = Appeal.objects.filter(decided_at__isnull=False, told_at__isnull=True).order_by("appealed_at")
    told = 0
    for appeal in decided[:500]:
        if appeal.answered_on <= local_date(at):
            told += _tell_answer(appeal, at=at)
    return told


@transaction.atomic
def _tell_answer(appeal: Appeal, *, at: datetime) -> int:
    taken = Appeal.objects.filter(pk=appeal.pk, told_at__isnull=True).update(told_at=at)
    if taken:
        _tell("referrals.appeal_answered", appeal, at=at)
    return taken


def escalate_undecided(*, at: datetime) -> int:
    """Ask the sales leads again, once, about appeals whose day has come undecided."""
    late = 0
    for appeal in Appeal.objects.open().filter(escalated_at__isnull=True).order_by("appealed_at")[:500]:
        if appeal.answered_on <= local_date(at):
            late += _escalate(appeal, at=at)
    return late


@transaction.atomic
def _escalate(appeal: Appeal, *, at: datetime) -> int:
    taken = Appeal.objects.open().filter(pk=appeal.pk, escalated_at__isnull=True).update(escalated_at=at)
    if taken:
        _tell("referrals.appealed", appeal, at=at, again=":late")
    return taken


def forget_refusals(*, at: datetime) -> int:
    """Forget refusals that nobody appealed against in time."""
    old = Refusal.objects.filter(appeal__isnull=True).order_by("refused_at")[:500]
    gone = [row.pk for row in old if row.appeal_until < local_date(at)]
    return Refusal.objects.filter(pk__in=gone, appeal__isnull=True).delete()[0] if gone else 0

"""Registering a person: one live claim, checked against what SeMI knew at that moment (C10-C12)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from partners.models import Partner
from referrals import queries, rules
from referrals.errors import (
    AgreementNotAttested,
    AlreadyRegistered,
    NotAPerson,
    NotEligible,
    OwnAddress,
    OwnCompany,
    PartnershipNotStarted,
    SellerIsThePartner,
    TooManyRefusals,
)
from referrals.models import Company, Referral, ReferralStatus, Refusal, UseCase
from referrals.permissions import check_can_be_seller, check_sells
from referrals.rules import Person
from referrals.services.claims import end_overdue_claim, tell_person
from referrals.services.leaving import end_family_of_left_partner
from referrals.services.probing import leave_trace, refusals_today
from referrals.services.use_cases import attach_use_cases, define_use_case
from ssp.core import audit, outbox
from ssp.core.errors import DomainError, constraint_as
from ssp.core.identity import canonical_email, identity_of
from ssp.core.links import new_token
from ssp.core.models import User
from ssp.core.periods import local_date, start_of_day


def check_person(person: Person, *, partner: Partner) -> None:
    """Refuse what can be told without looking anybody up: it says nothing about whom SeMI knows (C11).

    :raises NotAPerson: a shared address.  :raises OwnAddress, OwnCompany: nobody to introduce.
    """
    if rules.is_role_address(person.email):
        raise NotAPerson(
            _(
                "%(email)s is a shared address. A referral is one person, so we can’t register it. "
                "Enter the person’s own work e-mail."
            )
            % {"email": person.email.strip()}
        )
    if canonical_email(person.email) == canonical_email(partner.user.email):
        raise OwnAddress
    if rules.belongs_to(person.email, tuple(settings.OWN_DOMAINS)):
        raise OwnCompany


def register_referral(
    *,
    partner: Partner,
    person: Person,
    use_cases: Iterable[UseCase] = (),
    new_use_case: Mapping[str, str] | None = None,
    by: User,
    at: datetime,
) -> Referral:
    """Claim `person` for `partner` (C10-C12); a refusal leaves an audit entry and a
    keyed hash, so that it can be appealed against, and no name.

    A seller may register on a partner's behalf: the partner then confirms it on their page, and the
    person is told only after that.

    :param new_use_case: what `define_use_case` takes, defined with the claim or not at all (C8).

    :raises PartnershipNotStarted: C6.  :raises NotEligible: known, owned, barred, or somebody was faster.
    :raises AlreadyRegistered: it is this partner's own claim.
    :raises TooManyRefusals: nobody asks us whom we know, one address after the other.
    """
    if by.pk != partner.user_id:
        check_sells(by)
    elif not person.agreed:
        raise AgreementNotAttested
    if not partner.is_active(at=at):
        raise PartnershipNotStarted
    check_person(person, partner=partner)
    with transaction.atomic():  # commits the audit entry of a refusal, so that it is counted
        present = Partner.objects.select_for_update(no_key=True).get(
            pk=partner.pk
        )  # one at a time: refusals are counted, and whoever ends the partnership waits or was first
        if not present.is_active(at=at):
            raise PartnershipNotStarted
        _check_not_probing(partner, at=at)
        end_what_is_over(identity_of(person.email), at=at)  # and that stays, whatever the answer
        try:
            with transaction.atomic():
                referral = _claim(partner, person, list(use_cases), by=by, at=at)
                if new_use_case is not None:
                    define_use_case(partner=partner, referral=referral, by=by, at=at, **new_use_case)
            return referral
        except NotEligible as refusal:
            refused = _told(refusal, partner, person, by=by, at=at)
    raise refused


def _told(refusal: NotEligible, partner: Partner, person: Person, *, by: User, at: datetime) -> DomainError:
    """Return what the partner is told; their own claim is no news to them: a second press isn't a refusal."""
    own = Referral.objects.live().filter(identity=identity_of(person.email), partner=partner)
    if own.filter(objected_at__isnull=True).exists():
        return AlreadyRegistered()
    audit.record("referral.refused", partner, by=by, at=at)
    leave_trace(partner=partner, person=person, at=at)
    refused = Refusal.objects.create(partner=partner, identity=identity_of(person.email), refused_at=at)
    refusal.refusal_id = refused.pk
    return refusal


def _check_not_probing(partner: Partner, *, at: datetime) -> None:
    if refusals_today(partner, since=start_of_day(local_date(at))) >= rules.REFUSALS_A_DAY:
        raise TooManyRefusals


def company_of(person: Person) -> Company:
    """Return the company of a person, by the domain of their address, else by its name (C18).

    Two statements, whether it was there or not: how long it takes tells nothing (C12).
    """
    name, domain = person.company_name.strip(), rules.company_domain(person.email)
    if domain:
        new = Company(name=name, domain=domain, key=rules.company_key(name)[:300])
        Company.objects.bulk_create([new], ignore_conflicts=True)
        return Company.objects.get(domain=domain)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO referrals_company (name, domain, key) SELECT %(name)s, '', %(key)s
             WHERE NOT EXISTS (SELECT 1 FROM referrals_company
                                WHERE domain = '' AND upper(name) = upper(%(name)s))
            """,
            {"name": name, "key": rules.company_key(name)[:300]},
        )
    return Company.objects.filter(domain="", name__iexact=name).order_by("pk")[:1].get()


def _claim(partner: Partner, person: Person, use_cases: list[UseCase], *, by: User, at: datetime) -> Referral:
    """Claim a person, or refuse them after the same work whatever the cause: known, owned, barred or lost.

    Each of these looks everything up and inserts the claim; for the first three it is taken back, where the
    last is refused by the constraint. `test_neutral_answer.py` compares them, statement by statement.
    """
    identity = identity_of(person.email)
    forgotten = _own_forgotten(partner, identity)
    company = company_of(person)
    evidence = queries.what_semi_knew(person, identity=identity, company=company, at=at)
    itself = by.pk == partner.user_id
    if forgotten is not None and not evidence["objected"]:
        referral = _take_up_again(forgotten, person, itself=itself, at=at)
        attach_use_cases(referral=referral, use_cases=use_cases, by=by, at=at)
        audit.record("referral.taken_up_again", referral, by=by, at=at, partner=partner.pk)
    else:
        refused = bool(evidence["known_contact"] or evidence["live_claim"] or evidence["objected"])
        similar = bool(evidence["similar_contacts"] or evidence["similar_referrals"])
        referral = claim(
            partner=partner,
            company=company,
            person=person,
            identity=identity,
            refused=refused,
            evidence=evidence,
            status=ReferralStatus.CHECKING if similar else ReferralStatus.REGISTERED,
            accepted_at=None if similar else at,
            agreement_attested=itself,
            partner_confirmed_at=at if itself else None,
            by=by,
            at=at,
        )
        attach_use_cases(referral=referral, use_cases=use_cases, by=by, at=at)
        audit.record(
            "referral.registered",
            referral,
            by=by,
            at=at,
            partner=partner.pk,
            on_behalf=not itself,
            similar=similar,
        )
    tell_person(referral, at=at)
    if not itself:
        outbox.enqueue(
            "referrals.registered_for_you",
            key=f"referral:{referral.pk}:registered-for-you:{at.isoformat()}",
            payload={"referral_id": referral.pk},
            at=at,
        )
    return referral


def end_what_is_over(identity: str, *, at: datetime) -> None:
    """Whoever meets an overdue claim first ends it (C12); a claim that holds costs no more than none."""
    for overdue in list(Referral.objects.overdue(on=local_date(at)).filter(identity=identity)):
        end_overdue_claim(referral=overdue, at=at)
    for left in list(queries.left_and_not_kept(identity=identity, at=at)):
        end_family_of_left_partner(root_id=left.root_id or left.pk, at=at)


def _own_forgotten(partner: Partner, identity: str) -> Referral | None:
    """Return the partner's own vested person whose details were removed since nothing came of it."""
    own = Referral.objects.live().filter(identity=identity, partner=partner, anonymised_at__isnull=False)
    return own.filter(objected_at__isnull=True, root__isnull=True).select_for_update(of=("self",)).first()


def _take_up_again(row: Referral, person: Person, *, itself: bool, at: datetime) -> Referral:
    """Put the details back of a vested person whom their partner introduces anew; they are told anew."""
    row.first_name, row.last_name = person.first_name.strip(), person.last_name.strip()
    row.email, row.title, row.relation = person.email.strip(), person.title.strip(), person.relation.strip()
    row.agreement_attested, row.partner_confirmed_at = itself, at if itself else None
    row.anonymised_at = row.told_at = None
    row.accepted_at = at
    row.save()
    return row


def claim(
    *,
    partner: Partner,
    company: Company,
    person: Person,
    identity: str,
    by: User,
    at: datetime,
    refused: bool = False,
    **fields: object,
) -> Referral:
    """Insert a live claim; the constraint decides who was first.

    :param refused: do all the work and take it back, so that a refusal costs what a lost race costs.
    :raises NotEligible: somebody else was, or it was refused.
    """
    salt, token_hash = new_token("objection")
    with (
        constraint_as("referral_one_live_claim_per_person", NotEligible),
        constraint_as("referral_while_a_partner", PartnershipNotStarted),
        transaction.atomic(),
    ):
        referral = Referral.objects.create(
            partner=partner,
            company=company,
            first_name=person.first_name.strip(),
            last_name=person.last_name.strip(),
            email=person.email.strip(),
            title=person.title.strip(),
            relation=person.relation.strip(),
            identity=identity,
            registered_at=at,
            registered_on=local_date(at),
            registered_by=by,
            claim_last_on=rules.claim_last_on(local_date(at)),
            objection_salt=salt,
            objection_hash=token_hash,
            **fields,
        )
        if refused:
            raise NotEligible
        return referral


def assign_seller(*, referral: Referral, seller: User, by: User, at: datetime) -> Referral:
    """Make somebody of sales responsible for a referral and its internal referrals.

    :raises NotAllowed: `by` or `seller` doesn't sell.  :raises SellerIsThePartner: it is their own (C1).
    """
    check_sells(by)
    check_can_be_seller(seller, referral.partner)
    with constraint_as("referral_seller_is_not_its_partner", SellerIsThePartner), transaction.atomic():
        root = referral.the_root
        root.internal_referrals.update(seller=seller)
        Referral.objects.filter(pk=root.pk).update(seller=seller)
        audit.record("referral.seller_assigned", root, by=by, at=at, seller=seller.pk)
    return referral

"""Rows of a file become partners with a contract in review, once their recruiter is a partner (C6, C22).

Everything here runs in the caller's transaction, which holds `MOVING_IN`: who moves in, who is attested and
who waits are decided one after the other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners import queries
from partners.errors import AlreadyPartner
from partners.intake import Facts
from partners.models import (
    Contract,
    ContractDocument,
    ContractStatus,
    MoveIn,
    MoveInPaper,
    MoveInRow,
    Partner,
    ProgramTerms,
)
from partners.permissions import why_not_decide
from partners.services.same_person import look_for_signs_of
from partners.services.terms import ENTERING
from ssp.core import audit, outbox
from ssp.core.locks import one_after_another
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.roles import Role
from ssp.core.staff import end_sessions

MOVING_IN = "partners.moving_in"


def take_turns() -> None:
    """Let what moves partners in, and what attests them, wait for each other, for who applies, and for terms.

    Before any row is locked: who applies holds their rows while they wait for us.
    """
    one_after_another(MOVING_IN)
    one_after_another(ENTERING)


def admit(rows: Sequence[MoveInRow], terms: Sequence[ProgramTerms], *, at: datetime) -> list[Contract]:
    """Give each row its account, its partner and its contract in review with the signed PDF.

    The rows themselves are for the caller to save.

    :param terms: what each row is compared with.
    :raises AlreadyPartner: one of them became a partner in another way.
    """
    facts = [Facts(**row.facts) for row in rows]
    users = _accounts(facts, at=at)
    partners = _partners(rows, facts, users, at=at)
    contracts = Contract.objects.bulk_create(
        [
            Contract(
                partner=partner,
                terms=beside,
                tier_id=beside.tier_id,
                status=ContractStatus.IN_REVIEW,
                origin=Contract.Origin.PAPER,
                paper_signed_on=said.day,
                paper_slot=row.slot,
                created_at=at,
                legal_name=partner.legal_name,
                display_name=partner.display_name,
                signer_name=said.full_name,
                signer_email=said.email,
                country=partner.country,
                tax_number=partner.tax_number,
                **said.numbers,
            )
            for row, said, partner, beside in zip(rows, facts, partners, terms, strict=True)
        ]
    )
    ContractDocument.objects.bulk_create(
        [paper_of_version(contract, row.paper, at=at) for row, contract in zip(rows, contracts, strict=True)]
    )
    for row, contract in zip(rows, contracts, strict=True):
        row.contract, row.problem = contract, ""
    if contracts:
        audit.record_each("contract.moved_in", contracts, by=None, at=at, move_in=rows[0].move_in_id)
        look_for_signs_of(partners, at=at)
    return contracts


def paper_of_version(
    contract: Contract, paper: "MoveInPaper | ContractDocument", *, at: datetime
) -> ContractDocument:
    """Return the signed PDF as the document of the contract's present version; the file is kept once."""
    return ContractDocument(
        contract=contract,
        version=contract.version,
        kind=ContractDocument.Kind.SIGNED,
        file=paper.file.name,
        sha256=paper.sha256,
        stored_at=at,
    )


def _accounts(facts: Sequence[Facts], *, at: datetime) -> list[User]:
    """Return an account for each: a proven one as it is, any other closed until the paper is attested."""
    emails = [each.email for each in facts]
    there = {user.email.lower(): user for user in User.objects.filter(email__in=emails)}
    proven = set(
        EmailAddress.objects.filter(user__in=there.values(), verified=True).values_list("user_id", flat=True)
    )
    new = []
    for each in facts:
        user = there.get(each.email)
        if user is None:
            user = User(email=each.email, full_name=each.full_name, is_active=False, joined_at=at)
            user.set_unusable_password()
            new.append(user)
        elif user.pk not in proven and not user.role_grants.exists():
            close_account(user)
    User.objects.bulk_create(new)
    there |= {user.email: user for user in new}
    return [there[email] for email in emails]


def close_account(user: User) -> None:
    """Take an unproven account from whoever made it: nothing that was set up before opens it."""
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.is_active = False
    user.save(update_fields=["password", "is_active"])
    end_sessions(user)


def _partners(
    rows: Sequence[MoveInRow], facts: Sequence[Facts], users: Sequence[User], *, at: datetime
) -> list[Partner]:
    """Return a partner row for each: new, or the one of an application or a paper that came to nothing."""
    there = {
        each.user_id: each
        for each in Partner.objects.select_for_update().filter(user__in=users).order_by("pk")
    }
    partners, new = [], []
    for row, said, user in zip(rows, facts, users, strict=True):
        partner = there.get(user.pk) or Partner(user=user, created_at=at)
        if partner.started_at is not None:
            raise AlreadyPartner
        partner.identity = row.identity
        partner.display_name, partner.legal_name = said.display_name, said.legal_name
        partner.country, partner.tax_number = said.country, said.tax_number
        partner.listing_consent = said.listing_consent
        partner.recruiter = row.recruiter
        if partner.pk:
            partner.save()
        else:
            new.append(partner)
        partners.append(partner)
    Partner.objects.bulk_create(new)
    return partners


def admit_waiting(rows: Iterable[MoveInRow], *, at: datetime) -> int:
    """Admit the rows whose recruiter is a partner by now; one that can't be says why, and holds up nobody.

    Returns how many got their contract.
    """
    admitted = 0
    move_ins: set[int] = set()
    for row in rows:
        recruiter = _recruiter_now(row)
        if row.recruiter_row_id is not None and recruiter is None:
            continue
        try:
            with transaction.atomic():
                row.recruiter, row.recruiter_row = recruiter, None
                admit([row], [terms_beside(Facts(**row.facts))], at=at)
                row.save(update_fields=["recruiter", "recruiter_row", "contract", "problem"])
        except (AlreadyPartner, IntegrityError) as refusal:
            row.problem = _why(refusal)
            MoveInRow.objects.filter(pk=row.pk).update(problem=row.problem)
        else:
            admitted += 1
            move_ins.add(row.move_in_id)
    for pk in move_ins:
        ask_directors_of(pk, at=at)
    return admitted


def _recruiter_now(row: MoveInRow) -> Partner | None:
    """Return the row's recruiter, if they are a partner by now."""
    if row.recruiter_row is None:
        return row.recruiter
    contract = row.recruiter_row.contract
    return contract.partner if contract is not None and contract.partner.started_at is not None else None


def terms_beside(facts: Facts) -> ProgramTerms:
    """Return the version that reviewers compare a paper with: the one of its day, else the first there is."""
    versions = ProgramTerms.objects.order_by("effective_on")
    if facts.tier:
        versions = versions.filter(tier__name__iexact=facts.tier)
    else:
        versions = versions.filter(tier__is_default=True)
    return versions.filter(effective_on__lte=facts.day).last() or versions[0]


def _why(refusal: Exception) -> str:
    if isinstance(refusal, AlreadyPartner):
        return _("This person became a partner meanwhile (C22). Nothing is overwritten.")
    said: dict[str, Any] = {
        "partners_partner_identity": _(
            "A partner with this address or a variant of it is there by now (C22)."
        ),
        "partners_partner_user_id": _("A partner with this address is there by now (C22)."),
        "contract_one_open_per_partner": _("This person has applied here meanwhile. Decide that first (C6)."),
        "partner_recruiter_is_somebody_else": _("The recruiter would recruit themself (C22)."),
    }
    return next(
        (words for name, words in said.items() if name in str(refusal)), _("The database refused it.")
    )


def ask_directors_of(move_in_id: int, *, at: datetime) -> None:
    """Owe each director one mail a day about a file that waits for them, not one for each contract."""
    for director in User.objects.with_role(Role.DIRECTOR):
        outbox.enqueue(
            "partners.move_in_waits",
            key=f"move-in:{move_in_id}:waits:{director.pk}:{local_date(at).isoformat()}",
            payload={"move_in_id": move_in_id, "director_id": director.pk},
            at=at,
        )


def waits_for_director(move_in: MoveIn, director: User) -> int:
    """Return how many contracts of a file this director may attest, and hasn't."""
    contracts = Contract.objects.whole().filter(move_in_row__move_in=move_in, status=ContractStatus.IN_REVIEW)
    done = queries.reviewed_by(director)
    return sum(
        contract.pk not in done and why_not_decide(director, contract) is None for contract in contracts
    )

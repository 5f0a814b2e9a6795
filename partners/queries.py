"""Reads that span the partnership's tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Q, QuerySet

from partners import permissions
from partners.models import (
    Application,
    ApplicationStatus,
    Contract,
    ContractDocument,
    ContractReview,
    ContractStatus,
    Ending,
    Partner,
    RecruitInvitation,
)
from partners.rules import REVIEW_AIM
from ssp.core.errors import DomainError
from ssp.core.identity import GMAIL, canonical_email
from ssp.core.models import User
from ssp.core.periods import local_date, start_of_day, working_days_between
from ssp.core.roles import Role


def contract_in_force(partner: Partner, on: date) -> Contract:
    """Return the contract that `partner` had signed by the end of that day: its numbers count (C5).

    :raises Contract.DoesNotExist: none was signed by then.
    """
    contract = (
        partner.contracts.filter(
            status=ContractStatus.SIGNED, signed_at__lt=start_of_day(on + timedelta(days=1))
        )
        .order_by("-signed_at")
        .first()
    )
    if contract is None:
        raise Contract.DoesNotExist
    return contract


def latest_application(user: User) -> Application | None:
    """Return the newest application of somebody, whatever became of it."""
    return user.applications.select_related("partner", "terms").order_by("-created_at", "-pk").first()


def invitation_for(user: User, *, at: datetime) -> RecruitInvitation | None:
    """Return the earliest live invitation sent to this person's address by an active partner (C20)."""
    invitations = RecruitInvitation.objects.live(at=at).select_related("recruiter__user")
    for invitation in invitations.filter(email=user.email.lower()).order_by("invited_at"):
        if is_usable(invitation, user, at=at):
            return invitation
    return None


def is_usable(invitation: RecruitInvitation, user: User, *, at: datetime) -> bool:
    """Tell whether `user` may apply with it: it is live, theirs, and its sender is still a partner."""
    return (
        invitation.is_live(at=at)
        and canonical_email(invitation.email) == canonical_email(user.email)
        and invitation.recruiter.is_active(at=at)
        and invitation.recruiter.user_id != user.pk
    )


def line_of(recruiter: Partner) -> Iterator[Partner]:
    """Return a recruiter, who recruited them, and so on: nobody comes back into their own line (C22)."""
    each: Partner | None = recruiter
    while each is not None:
        yield each
        each = each.recruiter


def has_left(partner: Partner, *, at: datetime) -> bool:
    """Tell whether somebody was a partner and is none any more: they may apply anew (*Ending*)."""
    return partner.ended_at is not None and partner.ended_at <= at


def left_partner(user: User, *, at: datetime) -> Partner | None:
    """Return the partner row of somebody whose partnership is over."""
    return Partner.objects.filter(user=user, started_at__isnull=False, ended_at__lte=at).first()


def is_partner_without_application(user: User, latest: Application | None, *, at: datetime) -> bool:
    """Tell whether somebody is a partner by a paper: no application of theirs was accepted."""
    if latest is not None and latest.status in (ApplicationStatus.SUBMITTED, ApplicationStatus.ACCEPTED):
        return False
    return Partner.objects.active(at=at).filter(user=user).exists()


def decided_statuses(left: Partner | None) -> list[str]:
    """Return the statuses of applications that keep nobody from a new one."""
    open_to_a_new_one = [ApplicationStatus.DRAFT.value, ApplicationStatus.REJECTED.value]
    return [*open_to_a_new_one, ApplicationStatus.ACCEPTED.value] if left else open_to_a_new_one


def former_endings(partner: Partner, *, at: datetime) -> QuerySet[Ending]:
    """Return how this person's partnerships ended, the latest first: directors read it before the next."""
    return partner.endings.happened(at=at).order_by("-ends_at")


def first_end_for_cause(partner: Partner, *, since: datetime) -> datetime | None:
    """Return when what began `since` then stopped earning, because its partner was ended for cause.

    Coming back is a new contract: it revives nothing that began before it (*Ending*).
    """
    ends = Ending.objects.for_cause(since=since).filter(partner=partner).order_by("ends_at")
    return ends.values_list("ends_at", flat=True).first()


def directors_who_may_end(partner: Partner) -> list[User]:
    """Return the directors without an interest in this partnership."""
    return [
        director
        for director in User.objects.with_role(Role.DIRECTOR)
        if permissions.why_not_end(director, partner) is None
    ]


def already_a_partner(user: User) -> bool:
    """Tell whether a partner under another account has this person's address by now (C22).

    The address they applied with is compared by a constraint; this one is the address they have moved to.
    """
    canonical = canonical_email(user.email)
    domain = canonical.rpartition("@")[2]
    same_domain = Q()
    for each in GMAIL if domain in GMAIL else {domain}:
        same_domain |= Q(user__email__iendswith=f"@{each}")
    addresses = Partner.objects.filter(same_domain).exclude(user=user).values_list("user__email", flat=True)
    return any(canonical_email(address) == canonical for address in addresses)


def approvals(contract: Contract) -> list[ContractReview]:
    """Return the approvals of exactly the contract's present version, oldest first (C6)."""
    return list(
        contract.reviews.filter(version=contract.version, decision=ContractReview.Decision.APPROVED)
        .select_related("director")
        .order_by("decided_at", "pk")
    )


def review_by(contract: Contract, director: User) -> ContractReview | None:
    """Return this director's own word about the present version."""
    return contract.reviews.filter(version=contract.version, director=director).first()


def reviewed_by(director: User) -> dict[int, ContractReview]:
    """Return this director's own word about the present version of each contract in review, by contract."""
    own = ContractReview.objects.filter(
        director=director, contract__status=ContractStatus.IN_REVIEW, version=F("contract__version")
    )
    return {review.contract_id: review for review in own}


def visible_reviews(contract: Contract, director: User) -> list[ContractReview]:
    """Return the reviews a director may see: the present version's others only after their own (C6)."""
    reviews = contract.reviews.select_related("director").order_by("-version", "decided_at", "pk")
    if contract.status == ContractStatus.IN_REVIEW and review_by(contract, director) is None:
        reviews = reviews.exclude(version=contract.version)
    return list(reviews)


def papers_for_partner(contract: Contract) -> list[ContractDocument]:
    """Return the stored PDFs a partner is shown: what they signed; before that, what they may sign."""
    papers = contract.documents.filter(version=contract.version).order_by("kind")
    signed = [paper for paper in papers if paper.kind != ContractDocument.Kind.CONTRACT]
    return signed or list(papers)


def paper_of(contract: Contract) -> ContractDocument | None:
    """Return the stored PDF of the contract's present version: signed, or as it was sent to be signed."""
    kinds = [ContractDocument.Kind.SIGNED, ContractDocument.Kind.CONTRACT]
    papers = contract.documents.filter(version=contract.version, kind__in=kinds)
    return papers.order_by("-kind").first()  # "signed" comes before "contract"


def directors_without_interest(contract: Contract) -> list[User]:
    """Return the directors who may decide about the contract at all (C6)."""
    return [
        director
        for director in User.objects.with_role(Role.DIRECTOR)
        if permissions.why_not_decide(director, contract) is None
    ]


def directors_who_may_decide(contract: Contract) -> list[User]:
    """Return the directors whom a contract in review waits for."""
    done = set(contract.reviews.filter(version=contract.version).values_list("director_id", flat=True))
    return [director for director in directors_without_interest(contract) if director.pk not in done]


@dataclass(frozen=True, kw_only=True)
class Queued:
    """One contract in a director's queue: theirs to decide, or why not."""

    contract: Contract
    days: int
    refusal: DomainError | None = None
    own: ContractReview | None = None

    @property
    def waits(self) -> bool:
        return self.refusal is None and self.own is None

    @property
    def is_late(self) -> bool:
        """Whether it waits longer than we tell applicants."""
        return self.days > REVIEW_AIM


def review_queue(director: User, *, on: date) -> list[Queued]:
    """Return the contracts in review, those that wait for this director first, oldest first.

    `days` are working days since the application.
    """
    contracts = Contract.objects.whole().filter(status=ContractStatus.IN_REVIEW).order_by("created_at", "pk")
    own = reviewed_by(director)
    queue = [
        Queued(
            contract=contract,
            days=working_days_between(local_date(contract.created_at), on),
            refusal=permissions.why_not_decide(director, contract),
            own=own.get(contract.pk),
        )
        for contract in contracts
    ]
    return sorted(queue, key=lambda each: not each.waits)


def slots_taken(recruiter: Partner) -> int:
    """Return how many of the three recruit slots are taken, for good (C21)."""
    return recruiter.recruits.filter(bonus_slot__isnull=False).count()

"""Who may do what (C6, C7): `check_x` raises, `can_x` answers. Superusers get no way around."""

from partners.errors import (
    ConflictOfInterest,
    EarnsFromPartner,
    NotDirector,
    NotGuideWriter,
    OwnContract,
    OwnPartnership,
)
from partners.models import Contract, Partner
from ssp.core.errors import DomainError, NotAllowed
from ssp.core.identity import identity_of
from ssp.core.models import User
from ssp.core.roles import Role

CHANNEL_KEEPERS = (Role.ADMINISTRATOR, Role.SALES_LEAD)
CHANNEL_HANDS = (*CHANNEL_KEEPERS, Role.SALES)
# Who knows what customers ask, and who answers for the site (C7). Finance doesn't write guides.
GUIDE_WRITERS = (Role.SALES, Role.SALES_LEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


def check_is_director(user: User) -> None:
    """Refuse everybody without a director's role today.

    :raises NotDirector: C6.
    """
    if not user.has_role(Role.DIRECTOR):
        raise NotDirector


def check_may_decide(director: User, contract: Contract) -> None:
    """Refuse whoever has an interest in the contract: the applicant, and who recruited or earns from them.

    A second account of the same person is the same person (C22).

    :raises NotDirector, OwnContract, ConflictOfInterest: C6.
    """
    check_is_director(director)
    identity = identity_of(director.email)
    partner = contract.partner
    if is_person(partner, director, identity):
        raise OwnContract
    if partner.recruiter is not None and is_person(partner.recruiter, director, identity):
        raise ConflictOfInterest


def check_may_move_signature(user: User, contract: Contract) -> None:
    """Refuse whoever is neither the applicant nor a director without interest: the mail is the applicant's.

    :raises NotDirector, ConflictOfInterest: C6.
    """
    if contract.partner.user_id != user.pk:
        check_may_decide(user, contract)


def check_may_end(director: User, partner: Partner) -> None:
    """Refuse whoever has an interest in the partnership: the partner, and who recruited and earns from them.

    :raises NotDirector, OwnPartnership, EarnsFromPartner: C6, as for a contract.
    """
    check_is_director(director)
    identity = identity_of(director.email)
    if is_person(partner, director, identity):
        raise OwnPartnership
    if partner.recruiter is not None and is_person(partner.recruiter, director, identity):
        raise EarnsFromPartner


def why_not_end(director: User, partner: Partner) -> DomainError | None:
    """Return the reason why this director may not end the partnership, or None."""
    try:
        check_may_end(director, partner)
    except DomainError as refusal:
        return refusal
    return None


def is_person(partner: Partner, user: User, identity: str) -> bool:
    """Tell whether `user`, whose address has that `identity`, is that partner.

    By the address they applied with, or the one they have now: people move, and stay the same person (C22).
    """
    return partner.user_id == user.pk or identity in (partner.identity, identity_of(partner.user.email))


def why_not_decide(director: User, contract: Contract) -> DomainError | None:
    """Return the reason why this director may not decide about the contract, or None."""
    try:
        check_may_decide(director, contract)
    except DomainError as refusal:
        return refusal
    return None


def check_writes_guides(user: User | None) -> None:
    """Refuse who doesn't write use-case guides; None is the software itself, which brings the first ones.

    :raises NotGuideWriter: C7.
    """
    if user is not None and not user.has_any_role(*GUIDE_WRITERS):
        raise NotGuideWriter


def can_read_documents(user: User, contract: Contract) -> bool:
    """Tell whether somebody may read the contract's papers: its partner, and directors."""
    return contract.partner.user_id == user.pk or user.has_role(Role.DIRECTOR)


def check_keeps_channels(user: User) -> None:
    """Refuse whoever may not add, change or retire channels: administrators and sales leads may (C15).

    :raises NotAllowed: C15.
    """
    if not user.has_any_role(*CHANNEL_KEEPERS):
        raise NotAllowed


def check_may_do_channel_work(user: User, partner: Partner) -> None:
    """Refuse whoever isn't of the sales team or an administrator, and everybody about themself (C15).

    :raises NotAllowed: C15.
    """
    if not user.has_any_role(*CHANNEL_HANDS) or is_person(partner, user, identity_of(user.email)):
        raise NotAllowed

"""Who may do what (C6, C7): `check_x` raises, `can_x` answers. Superusers get no way around."""

from partners.errors import ConflictOfInterest, NotDirector, NotGuideWriter, OwnContract
from partners.models import Contract, Partner
from ssp.core.errors import DomainError
from ssp.core.identity import identity_of
from ssp.core.models import User
from ssp.core.roles import Role

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

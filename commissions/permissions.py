"""Who may: check_x raises, can_x answers."""

from commissions.errors import OwnMoney
from commissions.errors_elections import ChangerEarns, ChangesOwnElection, ElectionNeedsDirector
from partners.models import Partner
from partners.permissions import is_person
from ssp.core.errors import NotAllowed
from ssp.core.identity import identity_of
from ssp.core.models import User
from ssp.core.roles import Role


def can_finance(by: User | None) -> bool:
    """Tell whether somebody works with invoices and payouts. Nobody is the command line and the system."""
    return by is None or by.has_role(Role.FINANCE)


def check_finance(by: User | None) -> None:
    if not can_finance(by):
        raise NotAllowed


def can_approve(by: User) -> bool:
    """Tell whether somebody may approve payouts: finance or a director."""
    return by.has_any_role(Role.FINANCE, Role.DIRECTOR)


def check_approves(by: User) -> None:
    if not can_approve(by):
        raise NotAllowed


def is_paid_to(by: User, partner: Partner) -> bool:
    """Tell whether a partner's payouts go to this person, under any account of theirs."""
    return is_person(partner, by, identity_of(by.email))


def check_not_paid(by: User, partner: Partner) -> None:
    """Refuse who decides about a payout, or its VAT, and gets it.

    :raises OwnMoney: it is theirs.
    """
    if is_paid_to(by, partner):
        raise OwnMoney


def check_earns_nothing(by: User | None, partner: Partner) -> None:
    """Refuse who would earn from a partner's deal: the partner, and the recruiter by the bonus (C20).

    :raises OwnMoney: they do.
    """
    if by is not None and earns_from(by, partner):
        raise OwnMoney


def earns_from(by: User, partner: Partner) -> bool:
    """Tell whether a partner's deals pay this person: the partner, or the recruiter by the bonus (C20)."""
    return is_paid_to(by, partner) or (partner.recruiter is not None and is_paid_to(by, partner.recruiter))


def check_changes_election(by: User, partner: Partner) -> None:
    """Let a director who isn't the partner and doesn't earn from them change how a use case pays (C5).

    :raises ElectionNeedsDirector, ChangesOwnElection, ChangerEarns: under any account of the same person.
    """
    if not by.has_role(Role.DIRECTOR):
        raise ElectionNeedsDirector
    identity = identity_of(by.email)
    if is_person(partner, by, identity):
        raise ChangesOwnElection
    if partner.recruiter is not None and is_person(partner.recruiter, by, identity):
        raise ChangerEarns

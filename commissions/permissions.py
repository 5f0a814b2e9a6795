"""Who may: check_x raises, can_x answers."""

from ssp.core.errors import NotAllowed
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

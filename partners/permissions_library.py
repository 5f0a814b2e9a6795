"""Who may use the resource library, and who fills it (C13). Superusers get no way around.

Active partners read it, at this moment and not at that of signing in; so does everybody with a staff role.
It is filled by those who answer for what SeMI says of itself: sales leads, directors, administrators.
"""

from datetime import datetime

from partners.errors.library import NotPublisher
from partners.models import Partner
from ssp.core.models import User
from ssp.core.roles import STAFF_ROLES, Role

PUBLISHERS = (Role.SALES_LEAD, Role.DIRECTOR, Role.ADMINISTRATOR)
READERS = tuple(Role(role) for role in sorted(STAFF_ROLES))


def can_read_library(user: User, partner: Partner | None, *, at: datetime) -> bool:
    """Tell whether somebody may open the library's files at that moment."""
    return user.has_any_role(*READERS) or (partner is not None and partner.is_active(at=at))


def can_publish(user: User) -> bool:
    return user.has_any_role(*PUBLISHERS)


def check_can_publish(user: User) -> None:
    """Refuse whoever doesn't fill the library.

    :raises NotPublisher: C13.
    """
    if not can_publish(user):
        raise NotPublisher

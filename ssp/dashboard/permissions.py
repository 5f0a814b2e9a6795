"""Who may do what at the desk."""

from ssp.core.errors import NotAllowed
from ssp.core.models import User
from ssp.core.roles import Role
from ssp.dashboard.models import SavedView

READERS = (Role.SALES, Role.SALES_LEAD, Role.FINANCE)


def check_reads(user: User) -> None:
    """:raises NotAllowed: the table is for sales and finance."""
    if not user.has_any_role(*READERS):
        raise NotAllowed


def can_change_view(user: User, view: SavedView) -> bool:
    """Tell whether a view is theirs; a sales lead also tidies up what is shared."""
    return view.owner_id == user.pk or (view.is_shared and user.has_role(Role.SALES_LEAD))


def check_can_change_view(user: User, view: SavedView) -> None:
    """:raises NotAllowed: somebody else's view."""
    check_reads(user)
    if not can_change_view(user, view):
        raise NotAllowed

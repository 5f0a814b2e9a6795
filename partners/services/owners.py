"""Who at SeMI looks after an application: one director who sees to it that it is decided (C6)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from partners.errors import ApplicationNotOpen, NotAnOwner, NotYoursToAssign
from partners.models import Application, ApplicationStatus, Contract
from partners.queries import directors_without_interest
from ssp.core import audit
from ssp.core.models import User
from ssp.core.roles import Role


def owners_for(application: Application) -> list[User]:
    """Return the directors who may look after an application: those who may decide about it at all."""
    contract = Contract.objects.whole().filter(partner=application.partner).order_by("-created_at").first()
    return directors_without_interest(contract) if contract else []


def give_owner(application: Application, contract: Contract, *, at: datetime) -> None:
    """Give an application that was just sent to the director who looks after the fewest, if there is one."""
    _hand_to(application, _least_busy(directors_without_interest(contract)), by=None, at=at)


@transaction.atomic
def assign_owner(*, application: Application, owner: User, by: User, at: datetime) -> None:
    """Let another director look after an undecided application.

    :raises NotYoursToAssign: `by` is neither director nor administrator.
    :raises ApplicationNotOpen: it was decided.  :raises NotAnOwner: C6.
    """
    if not by.has_any_role(Role.DIRECTOR, Role.ADMINISTRATOR):
        raise NotYoursToAssign
    application = Application.objects.select_for_update().get(pk=application.pk)
    if application.status != ApplicationStatus.SUBMITTED:
        raise ApplicationNotOpen
    if owner not in owners_for(application):
        raise NotAnOwner
    _hand_to(application, owner, by=by, at=at)


@transaction.atomic
def hand_over_applications(*, user: User, to: User | None, at: datetime) -> None:
    """Give the undecided applications of somebody who is no director any more to a successor.

    What the successor may not decide about, or all of it if nobody was named, goes to the least busy of the
    others. Whoever is a director still keeps theirs.
    """
    if user.has_role(Role.DIRECTOR):
        return
    open_ones = Application.objects.select_for_update().filter(owner=user, status=ApplicationStatus.SUBMITTED)
    for application in open_ones.order_by("pk"):
        eligible = owners_for(application)
        _hand_to(application, to if to in eligible else _least_busy(eligible), by=None, at=at)


def _least_busy(directors: list[User]) -> User | None:
    open_ones = Count("applications_owned", filter=Q(applications_owned__status=ApplicationStatus.SUBMITTED))
    busy = User.objects.filter(pk__in=[each.pk for each in directors]).annotate(open_ones=open_ones)
    return busy.order_by("open_ones", "pk").first()


def _hand_to(application: Application, owner: User | None, *, by: User | None, at: datetime) -> None:
    if application.owner_id == (owner.pk if owner else None):
        return
    application.owner = owner
    application.save(update_fields=["owner"])
    audit.record("application.owner_assigned", application, by=by, at=at, owner=owner.pk if owner else None)

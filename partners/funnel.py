"""Where applications stand, for those who see to them: counts, age, owner (C6).

A draft is its writer's own: it is counted, and nothing else of it is shown to anybody at SeMI.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from partners.models import Application, ApplicationStatus, Contract, ContractStatus
from partners.rules import REVIEW_AIM
from ssp.core.periods import (
    add_working_days,
    is_working_day,
    local_date,
    start_of_day,
    working_days_between,
)


class Stage(TextChoices):
    """Where an application that was sent stands. Who reviewed it so far is for reviewers alone (C6)."""

    IN_REVIEW = "in_review", _("In review")
    RETURNED = "returned", _("Returned to draft")
    AT_SIGNATURE = "at_signature", _("At the signature")
    UNSIGNED = "unsigned", _("Not signed in time")
    STARTED = "started", _("Partner")
    DECLINED = "declined", _("Declined")


OURS = (Stage.IN_REVIEW, Stage.RETURNED)  # SeMI is expected to act within the aim


def sent_applications() -> QuerySet[Any]:
    """Return every application but drafts, each with its `stage` and whether it `is_decided`."""
    open_contract = Contract.objects.open().filter(partner=OuterRef("partner")).values("status")[:1]
    stage = Case(
        When(status=ApplicationStatus.ACCEPTED, then=Value(Stage.STARTED)),
        When(status=ApplicationStatus.REJECTED, then=Value(Stage.DECLINED)),
        When(contract_status=ContractStatus.DRAFT, then=Value(Stage.RETURNED)),
        When(
            contract_status__in=[ContractStatus.SENDING, ContractStatus.SENT], then=Value(Stage.AT_SIGNATURE)
        ),
        When(contract_status=ContractStatus.UNSIGNED, then=Value(Stage.UNSIGNED)),
        default=Value(Stage.IN_REVIEW),
        output_field=CharField(),
    )
    decided = Q(status__in=[ApplicationStatus.ACCEPTED, ApplicationStatus.REJECTED])
    return Application.objects.exclude(status=ApplicationStatus.DRAFT).annotate(
        contract_status=Subquery(open_contract),
        stage=stage,
        is_decided=Case(When(decided, then=True), default=False, output_field=BooleanField()),
    )


def late_before(on: date) -> datetime:
    """Return the moment before which an undecided application was sent longer ago than the aim allows."""
    while not is_working_day(on):
        on = add_working_days(on, -1)
    return start_of_day(add_working_days(on, -REVIEW_AIM))


def late(applications: QuerySet[Any], *, on: date) -> QuerySet[Any]:
    """Return those that wait for SeMI longer than we tell applicants."""
    return applications.filter(stage__in=OURS, submitted_at__lt=late_before(on))


def age_of(application: Application, *, on: date) -> int:
    """Return the working days from the day an application was sent to its decision, or to today."""
    assert application.submitted_at
    end = local_date(application.decided_at) if application.decided_at else on
    return working_days_between(local_date(application.submitted_at), end)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One number of the funnel; `stage` leads to its rows, and drafts have none to show."""

    label: str
    count: int
    stage: str = ""
    late: int = 0


def funnel(*, on: date) -> list[Step]:
    """Return the counts: drafts, everything sent, and where that stands."""
    sent = sent_applications()
    stages = list(sent.values_list("stage", flat=True))
    overdue = list(late(sent, on=on).values_list("stage", flat=True))
    return [
        Step(
            label=str(_("Drafts")),
            count=Application.objects.filter(status=ApplicationStatus.DRAFT).count(),
        ),
        Step(label=str(_("Sent")), count=len(stages), stage="all"),
        *(
            Step(
                label=str(stage.label),
                count=stages.count(stage),
                stage=stage.value,
                late=overdue.count(stage),
            )
            for stage in Stage
        ),
    ]

"""More time for a use case's window: once, by one director without an interest in it (C2)."""

from datetime import datetime

from django.db import transaction

from partners.queries import first_end_for_cause
from referrals import rules
from referrals.errors import (
    ClosedWindow,
    ExtensionAfterCause,
    ExtensionNeedsReason,
    ExtensionOfALostDeal,
    ExtensionTooLong,
    NothingToExtend,
    NoWindowToExtend,
    WindowExtendedAlready,
)
from referrals.models import Deal, DealStage, UseCase, WindowExtension
from referrals.permissions import check_may_extend
from referrals.services.deals import tell_use_case_changed
from ssp.core import audit, outbox
from ssp.core.errors import DomainError, constraint_as
from ssp.core.models import User

ONE_PER_USE_CASE = "referrals_windowextension_use_case_id_key"


def _locked(use_case: UseCase) -> UseCase:
    """Wait for whoever wins, loses or closes the deal, in the order in which they lock, or extends too."""
    list(Deal.objects.select_for_update(no_key=True).filter(use_case=use_case))
    rows = UseCase.objects.select_related("partner__user", "partner__recruiter__user", "referral", "deal")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=use_case.pk)


def check_can_be_extended(use_case: UseCase) -> None:
    """Refuse a window that has no need of an extension, or no right to one.

    :raises NoWindowToExtend, WindowExtendedAlready, ClosedWindow, ExtensionAfterCause, ExtensionOfALostDeal,
        NothingToExtend: what stands in the way.
    """
    if use_case.window_starts_on is None or use_case.referral is None:
        raise NoWindowToExtend
    if use_case.extended_months:
        raise WindowExtendedAlready
    if not use_case.is_open:
        raise ClosedWindow
    if first_end_for_cause(use_case.partner, since=use_case.referral.registered_at):
        raise ExtensionAfterCause
    if use_case.deal.stage == DealStage.LOST:
        raise ExtensionOfALostDeal
    if use_case.deal.is_within_window():
        raise NothingToExtend


def why_not_extend(use_case: UseCase, *, by: User) -> DomainError | None:
    """Return what keeps `by` from extending the window, or None."""
    try:
        check_may_extend(by, use_case.partner)
        check_can_be_extended(use_case)
    except DomainError as refusal:
        return refusal
    return None


@transaction.atomic
def extend_window(*, use_case: UseCase, months: int, reason: str, by: User, at: datetime) -> WindowExtension:
    """Give a window 1 to 3 calendar months more, counted from its original end, before or after it lapsed.

    A deal already signed within the new window starts to earn, on payments already received too.

    :raises ExtensionNeedsDirector, ExtendsOwnWindow, ExtenderEarns: not this person.
    :raises ExtensionTooLong, ExtensionNeedsReason: not like this.  And what `check_can_be_extended` raises.
    """
    row = _locked(use_case)
    check_may_extend(by, row.partner)
    check_can_be_extended(row)
    if months not in range(1, rules.EXTENSION_MONTHS + 1):
        raise ExtensionTooLong
    if not reason.strip():
        raise ExtensionNeedsReason
    with (
        constraint_as("window_extension_once", WindowExtendedAlready),
        constraint_as(ONE_PER_USE_CASE, WindowExtendedAlready),
        transaction.atomic(),
    ):
        extension = WindowExtension.objects.create(
            use_case=row, months=months, reason=reason.strip(), director=by, granted_at=at
        )
    assert row.window_starts_on is not None
    row.extended_months = months
    row.window_ends_on = rules.window_ends_on(row.window_starts_on, extended_months=months)
    row.save(update_fields=["extended_months", "window_ends_on"])
    audit.record(
        "use_case.window_extended",
        row,
        by=by,
        at=at,
        extension=extension.pk,
        months=months,
        ends_on=row.window_ends_on.isoformat(),
    )
    tell_use_case_changed(row.pk, why="extended", at=at)
    for recipient in ("partner", "seller"):
        outbox.enqueue(
            "referrals.window_extended",
            key=f"use-case:{row.pk}:extended:{recipient}",
            payload={"extension_id": extension.pk, "to": recipient},
            at=at,
        )
    return extension

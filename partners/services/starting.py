"""The partnership starts: with the signature, whatever it was written with (C6)."""

from collections.abc import Callable
from datetime import datetime

from partners.models import Application, ApplicationStatus, Contract, Partner
from partners.services.endings import rejoin
from partners.services.profiles import open_profile, refresh_profile
from partners.services.recruits import take_slot
from ssp.core import audit, outbox, staff
from ssp.core.roles import Role

ABOUT_THEM = ("display_name", "legal_name", "country", "tax_number", "listing_consent")


def start_partnership(
    contract: Contract,
    *,
    started_at: datetime,
    at: datetime,
    take: Callable[[Partner], int | None] = take_slot,
) -> Partner:
    """Start the partnership of a contract that was just signed, in the caller's transaction (C6, C20, C21).

    :param started_at: the moment of the signature; `at` is when we learn of it.
    :param take: gives a recruit their slot: the first free one, or the one that stands on a paper.
    """
    partner = (
        Partner.objects.select_for_update(of=("self",))
        .select_related("recruiter")
        .get(pk=contract.partner_id)
    )
    begins = partner.started_at is None or not partner.is_active(at=started_at)
    if partner.started_at is None:
        partner.started_at = started_at
        partner.save(update_fields=["started_at"])
        slot = take(partner)
        open_profile(partner=partner, at=at)
        staff.grant_role(user=partner.user, role=Role.PARTNER, by=None, at=started_at)
        audit.record("partner.started", partner, by=None, at=at, contract=contract.pk, slot=slot)
        rejoined = False
    else:
        rejoined = partner.ended_at is not None and rejoin(partner, contract, started_at=started_at, at=at)
    for application in Application.objects.select_for_update().filter(
        partner=partner, status=ApplicationStatus.SUBMITTED
    ):
        for name in ABOUT_THEM:  # what a returning partner said holds from the signature, not before
            setattr(partner, name, getattr(application, name))
        partner.save(update_fields=ABOUT_THEM)
        application.decided_at = started_at
        application.accept()
        application.save()
    if rejoined:
        refresh_profile(partner=partner, at=at)
    outbox.enqueue(
        "partners.partnership_started",
        key=f"partner:{partner.pk}:started:{contract.pk}",
        payload={"partner_id": partner.pk, "contract_id": contract.pk},
        at=at,
    )
    who: dict[str, int | str] = {"partner_id": partner.pk, "contract_id": contract.pk}
    outbox.enqueue(
        "partners.grant_channels", key=f"partner:{partner.pk}:channels:{contract.pk}", payload=who, at=at
    )
    # Another contract within a partnership is no news to anybody, nor is an old partner who moves in (C16).
    if begins and not contract.is_paper:
        outbox.enqueue(
            "partners.announce_partner",
            key=f"partner:{partner.pk}:announce:{contract.pk}",
            payload=who,
            at=at,
        )
    return partner

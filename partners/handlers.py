"""What the outbox delivers for the partnership. A handler looks before it repeats."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.urls import reverse

from partners import queries
from partners.models import (
    Application,
    Contract,
    ContractStatus,
    Envelope,
    EnvelopeStatus,
    Partner,
    RecruitInvitation,
)
from partners.services.envelopes import send_envelope
from partners.services.following import follow_event
from ssp.core import clock, emails, outbox
from ssp.core.links import absolute, token_of
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role
from ssp.docusign.client import RateLimited, signing_service
from ssp.docusign.models import ConnectEvent

log = structlog.get_logger(__name__)
UNKNOWN_FOR = timedelta(hours=1)
LOOK_AGAIN = timedelta(seconds=5)


def _mail(message: OutboxMessage, name: str, *to: str, key: str = "", **context: Any) -> None:
    emails.send(f"partners/emails/{name}", to=list(to), context=context, key=key or message.key)


def _review_url(contract: Contract) -> str:
    return absolute(reverse("admin:partners_contract_review", args=[contract.pk]))


def _contract(message: OutboxMessage) -> Contract:
    return Contract.objects.whole().get(pk=message.payload["contract_id"])


# --- mails ----------------------------------------------------------------------
@outbox.handles("partners.application_submitted")
def confirm_application(message: OutboxMessage) -> None:
    application = Application.objects.select_related("applicant", "terms").get(
        pk=message.payload["application_id"]
    )
    url = absolute(reverse("partners:application"))
    _mail(message, "application_submitted", application.applicant.email, application=application, url=url)


@outbox.handles("partners.contract_waits")
def tell_director(message: OutboxMessage) -> None:
    contract = _contract(message)
    director = User.objects.get(pk=message.payload["director_id"])
    is_current = contract.version == message.payload["version"]
    if contract.status != ContractStatus.IN_REVIEW or not is_current or not director.has_role(Role.DIRECTOR):
        return
    _mail(
        message,
        "contract_waits",
        director.email,
        contract=contract,
        director=director,
        url=_review_url(contract),
    )


@outbox.handles("partners.contract_returned")
def tell_directors_it_came_back(message: OutboxMessage) -> None:
    _tell_directors(message, _contract(message), "contract_returned")


@outbox.handles("partners.contract_unsigned")
def tell_directors_it_was_not_signed(message: OutboxMessage) -> None:
    envelope = Envelope.objects.get(pk=message.payload["envelope_id"])
    contract = Contract.objects.whole().get(pk=envelope.contract_id)
    _tell_directors(message, contract, "contract_unsigned", envelope=envelope)


def _tell_directors(message: OutboxMessage, contract: Contract, name: str, **context: Any) -> None:
    for director in queries.directors_without_interest(contract):
        _mail(
            message,
            name,
            director.email,
            key=f"{message.key}:{director.pk}",
            contract=contract,
            director=director,
            url=_review_url(contract),
            **context,
        )


@outbox.handles("partners.application_rejected")
def tell_applicant(message: OutboxMessage) -> None:
    application = Application.objects.select_related("applicant").get(pk=message.payload["application_id"])
    url = absolute(reverse("partners:application"))
    _mail(message, "application_rejected", application.applicant.email, application=application, url=url)


@outbox.handles("partners.recruit_invited")
def invite(message: OutboxMessage) -> None:
    invitation = RecruitInvitation.objects.select_related("recruiter").get(
        pk=message.payload["invitation_id"]
    )
    if not invitation.is_live(at=clock.now()):
        return
    link = absolute(reverse("partners:join", args=[token_of("recruit", invitation.token_salt)]))
    _mail(message, "recruit_invited", invitation.email, invitation=invitation, url=link)


@outbox.handles("partners.partnership_started")
def welcome(message: OutboxMessage) -> None:
    contract = _contract(message)
    partner = Partner.objects.select_related("user", "recruiter__user").get(pk=message.payload["partner_id"])
    home = absolute(reverse("core:after_sign_in"))
    _mail(message, "partnership_started", partner.user.email, partner=partner, contract=contract, url=home)
    recruiter = partner.recruiter
    first_time = partner.rejoined_at is None  # their recruiter's place was taken then, for good
    if first_time and recruiter is not None and recruiter.is_active(at=clock.now()):
        _mail(
            message,
            "recruit_started",
            recruiter.user.email,
            key=f"{message.key}:recruiter",
            partner=partner,
            recruiter=recruiter,
            bonus_percent=queries.contract_in_force(recruiter, clock.today()).bonus_percent,
            taken=queries.slots_taken(recruiter),
            url=absolute(reverse("partners:recruits")),
        )


# --- DocuSign ---------------------------------------------------------------------
@outbox.handles("partners.send_envelope")
def send(message: OutboxMessage) -> None:
    """Send a contract to be signed: an outage is tried again, a limit waited for."""
    envelope = Envelope.objects.get(pk=message.payload["envelope_id"])
    try:
        send_envelope(envelope=envelope, service=signing_service(), at=clock.now(), wall=clock.wall())
    except RateLimited as limit:
        raise outbox.TryLater(limit.retry_after, limit.error_code) from limit


@outbox.handles("docusign.event")
def hear(message: OutboxMessage) -> None:
    """Work on what Connect told us; an event may come before our own sending is committed: wait for it."""
    event = ConnectEvent.objects.get(pk=message.payload["event_id"])
    if event.processed_at is not None:
        return
    at = clock.now()
    envelope = Envelope.objects.select_related("contract").filter(envelope_id=event.envelope_id).first()
    if envelope is None:
        if _may_be_ours_soon(message):
            raise outbox.TryLater(LOOK_AGAIN, "envelope not known yet")
        log.warning("connect.unknown_envelope", connect_event_id=event.pk)
    else:
        try:
            follow_event(
                envelope=envelope,
                event=event.event,
                happened=event.generated_at,
                service=signing_service(),
                at=at,
            )
        except RateLimited as limit:
            raise outbox.TryLater(limit.retry_after, limit.error_code) from limit
    _done(event, at)


def _may_be_ours_soon(message: OutboxMessage) -> bool:
    sending = Envelope.objects.filter(status=EnvelopeStatus.QUEUED).exists()
    return sending and clock.wall() - message.created_at < UNKNOWN_FOR


def _done(event: ConnectEvent, at: datetime) -> None:
    event.processed_at = at
    event.save(update_fields=["processed_at"])

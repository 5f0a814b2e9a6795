"""What the outbox delivers for the partnership. A handler looks before it repeats."""

from typing import Any

from django.urls import reverse

from partners import queries
from partners.models import (
    Application,
    Contract,
    ContractStatus,
    Envelope,
    MoveIn,
    Partner,
    RecruitInvitation,
)
from partners.services.admitting import waits_for_director
from partners.services.owners import hand_over_applications
from ssp.core import clock, emails, outbox
from ssp.core.links import absolute, token_of
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role


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


@outbox.hears("core.role_ended", kind="partners.role_ended")
def hand_over(message: OutboxMessage) -> None:
    """Somebody is no director any more: another one looks after their undecided applications."""
    if message.payload["role"] != Role.DIRECTOR:
        return
    to = User.objects.filter(pk=message.payload.get("hand_to_id")).first()
    user = User.objects.get(pk=message.payload["user_id"])
    hand_over_applications(user=user, to=to, at=clock.now())


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
    if contract.is_paper:
        _welcome_moved_in(message, partner, contract)
        return
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


def _welcome_moved_in(message: OutboxMessage, partner: Partner, contract: Contract) -> None:
    """Say what moved in, and how to get in; the recruiter knows their recruits already."""
    row = contract.move_in_row
    link = row.token_salt and row.joined_at is None
    url = (
        absolute(reverse("partners:welcome", args=[token_of("welcome", row.token_salt)]))
        if link
        else absolute(reverse("core:after_sign_in"))
    )
    _mail(
        message,
        "moved_in",
        partner.user.email,
        partner=partner,
        contract=contract,
        recruits=partner.recruits.filter(started_at__isnull=False).count(),
        url=url,
        link_expires_at=row.link_expires_at if link else None,
    )


@outbox.handles("partners.move_in_waits")
def tell_director_of_papers(message: OutboxMessage) -> None:
    """Tell a director how many papers of a file wait for their attestation, if any do."""
    move_in = MoveIn.objects.get(pk=message.payload["move_in_id"])
    director = User.objects.get(pk=message.payload["director_id"])
    count = waits_for_director(move_in, director) if director.has_role(Role.DIRECTOR) else 0
    if count:
        url = absolute(reverse("admin:partners_contract_changelist"))
        _mail(message, "move_in_waits", director.email, director=director, count=count, url=url)

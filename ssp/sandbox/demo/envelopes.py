"""Contracts on their way to a signature: one that can be signed now, one whose envelope was voided (C6)."""

from datetime import datetime, timedelta
from typing import cast

from partners.models import Contract, ContractReview, Envelope, ProgramTerms
from partners.services.applications import save_application, submit_application
from partners.services.contracts import review_contract
from partners.services.envelopes import apply_envelope_state, send_envelope
from partners.services.signature import void_envelope
from ssp.core import clock
from ssp.core.models import User
from ssp.docusign.client import EnvelopeState, SigningService
from ssp.sandbox import people
from ssp.sandbox.demo.moments import Calendar
from ssp.sandbox.demo.signing import PaperSigning


def envelopes_under_way(when: Calendar, users: dict[people.DemoPerson, User]) -> None:
    """Let Marta's contract go out as soon as there is a worker, and Jonas's be voided last week."""
    directors = (users[people.BRAM], users[people.CARLA])
    _approved(
        users[people.MARTA],
        directors,
        {
            "legal_name": "Lindqvist Rådgivning",
            "country": "SE",
            "knows_field": "Search for public archives and museums.",
            "can_open": "National archives and large museums.",
        },
        at=when.at(20, 11),
        last_at=clock.now(),
    )
    jonas = _approved(
        users[people.JONAS],
        directors,
        {
            "legal_name": "Albrecht Beratung",
            "country": "DE",
            "knows_field": "Twelve years of document search in law firms.",
            "can_open": "Law firms and notaries.",
        },
        at=when.at(10, 11),
        last_at=when.at(12, 11),
    )
    _voided(jonas, directors[0], at=when.at(17, 11, 9))


def _approved(
    user: User, directors: tuple[User, User], answers: dict[str, object], *, at: datetime, last_at: datetime
) -> Contract:
    """Lead somebody to the second approval; the outbox owes the sending."""
    own = {"display_name": user.full_name, "listing_consent": True}
    application = save_application(applicant=user, answers=own | answers, invitation=None, at=at)
    terms = ProgramTerms.objects.in_force(on=at.date())
    contract = submit_application(application=application, terms=terms, by=user, at=at)
    for director, decided_at in zip(directors, (at + timedelta(hours=1), last_at), strict=True):
        review_contract(
            contract=contract,
            director=director,
            decision=ContractReview.Decision.APPROVED,
            reason="",
            version=contract.version,
            at=decided_at,
        )
    return contract


def _voided(contract: Contract, director: User, *, at: datetime) -> None:
    """Send it on paper, so to say, and withdraw it, as DocuSign would have confirmed."""
    envelope = Envelope.objects.get(contract=contract)
    service = cast(SigningService, PaperSigning(signed_at=at))  # all that the services ask of it here
    send_envelope(envelope=envelope, service=service, at=at - timedelta(days=4), wall=clock.wall())
    reason = "You are travelling until December. We send it again when you are back."
    void_envelope(contract=contract, reason=reason, by=director, at=at)
    apply_envelope_state(envelope=envelope, state=EnvelopeState.VOIDED, moment=at, at=at)

"""An application at the same moment as something else: one wins, and nothing is left half."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from partners.errors import AlreadyApplied, ApplicationNotOpen
from partners.models import Application, ApplicationStatus, Contract, ContractStatus, Envelope
from partners.services import applications, envelopes
from partners.services.applications import reject_application, save_application, submit_application
from partners.services.envelopes import Papers, apply_envelope_state
from ssp.core.models import User
from ssp.docusign.client import EnvelopeState
from tests.factories.partners import ApplicationFactory, DirectorFactory, ProgramTermsFactory
from tests.integration.partners.conftest import approve_twice
from tests.integration.partners.test_races import at_once
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], threading.Event]:
    """Let a function, once called, wait a second for the other thread; the event says that it was called."""

    def pause(owner: object, name: str) -> threading.Event:
        real, reached, never = getattr(owner, name), threading.Event(), threading.Event()

        def wait_first(*args: Any, **kwargs: Any) -> Any:
            reached.set()
            never.wait(timeout=1)
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, wait_first)
        return reached

    return pause


def submit(application: Application) -> Contract:
    terms = application.terms or ProgramTermsFactory()
    return submit_application(application=application, terms=terms, by=application.applicant, at=MONDAY)


def save_draft(applicant: User) -> None:
    save_application(applicant=applicant, answers={"can_open": "Banks."}, invitation=None, at=MONDAY)


@pytest.mark.clause("C6")
def test_a_draft_saved_while_it_is_sent_takes_nothing_back(paused) -> None:
    application = ApplicationFactory()
    ProgramTermsFactory()
    sending = paused(applications, "ask_directors")

    def save() -> None:
        sending.wait(timeout=10)
        save_draft(application.applicant)

    raised = at_once(lambda: submit(application), save)

    application.refresh_from_db()
    assert [type(problem) for problem in raised] == [AlreadyApplied]
    assert application.status == ApplicationStatus.SUBMITTED
    assert application.partner is not None


@pytest.mark.clause("C6")
def test_a_draft_saved_without_taking_turns_takes_the_application_back(paused, monkeypatch) -> None:
    application = ApplicationFactory()
    ProgramTermsFactory()
    sending = paused(applications, "ask_directors")
    monkeypatch.setattr(applications, "take_turns", lambda applicant: None)

    def save() -> None:
        sending.wait(timeout=10)
        save_draft(application.applicant)

    at_once(lambda: submit(application), save)

    application.refresh_from_db()
    assert application.status == ApplicationStatus.DRAFT  # while its contract is in review
    assert Contract.objects.get().status == ContractStatus.IN_REVIEW


@pytest.mark.clause("C6")
def test_an_application_sent_twice_at_once_is_one() -> None:
    application = ApplicationFactory()
    ProgramTermsFactory()

    raised = at_once(lambda: submit(application), lambda: submit(application))

    assert [type(problem) for problem in raised] == [AlreadyApplied]
    assert Contract.objects.count() == 1


@pytest.mark.clause("C6")
def test_turning_down_in_the_moment_of_the_signature_ends_in_the_signature(paused) -> None:
    application = ApplicationFactory()
    ProgramTermsFactory()
    contract = submit(application)
    approve_twice(contract)
    signing = paused(envelopes, "store_document")
    papers = Papers(signed=b"%PDF-1", certificate=b"%PDF-2")
    director = DirectorFactory()

    def sign() -> None:
        apply_envelope_state(
            envelope=Envelope.objects.get(),
            state=EnvelopeState.COMPLETED,
            moment=MONDAY,
            papers=papers,
            at=MONDAY,
        )

    def turn_down() -> None:
        signing.wait(timeout=10)
        reject_application(application=application, reason="No.", by=director, at=MONDAY)

    raised = at_once(sign, turn_down)

    application.refresh_from_db()
    assert [type(problem) for problem in raised] == [ApplicationNotOpen]
    assert application.status == ApplicationStatus.ACCEPTED

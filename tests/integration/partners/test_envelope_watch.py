"""What nobody presses: reminders to sign, and alarms when DocuSign keeps something waiting (C6)."""

from datetime import datetime, timedelta

import pytest
from django.core import mail

from partners.models import Contract
from partners.services.signature import void_envelope
from partners.services.watching import remind_signers, watch_docusign
from partners.tasks import remind_of_signatures, watch_envelopes
from ssp.core import clock
from ssp.core.models import OutboxMessage, RoleGrant
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import ContractFactory, DirectorFactory
from tests.integration.partners.conftest import Courier, approve_twice, deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C6"), pytest.mark.usefixtures("at_monday")]


@pytest.fixture
def queued(courier: Courier) -> Contract:
    contract = ContractFactory()
    approve_twice(contract)
    return contract


@pytest.fixture
def sent(queued: Contract) -> Contract:
    deliver_kind("partners.send_envelope")
    mail.outbox.clear()
    return queued


def day(number: int) -> datetime:
    return MONDAY + timedelta(days=number)


def letters() -> list[str]:
    """Deliver what is owed and return the subjects."""
    for kind in ("sign_reminder", "docusign_delayed", "docusign_healed"):
        deliver_kind(f"partners.{kind}")
    subjects = [letter.subject for letter in mail.outbox]
    mail.outbox.clear()
    return subjects


# --- reminders ---------------------------------------------------------------------------
def test_the_applicant_is_reminded_after_3_and_7_days_and_before_the_end(sent: Contract) -> None:
    reminded = {}
    for number in range(35):
        for _tick in range(2):
            remind_signers(at=day(number))
            if letters():
                reminded[number] = reminded.get(number, 0) + 1

    assert reminded == {3: 1, 7: 1, 27: 1}


def test_a_reminder_names_the_last_day_and_the_address(sent: Contract) -> None:
    remind_signers(at=day(3))
    deliver_kind("partners.sign_reminder")

    (letter,) = mail.outbox
    assert letter.to == [sent.partner.user.email]
    assert letter.subject == "Sign your contract with SeMI by Tue 22 Dec 2026"
    assert sent.partner.user.email in letter.body


def test_a_clock_that_jumps_brings_one_reminder(sent: Contract) -> None:
    remind_signers(at=day(28))

    assert len(letters()) == 1


def test_a_clock_that_goes_back_brings_no_second_one(sent: Contract) -> None:
    remind_signers(at=day(7))
    letters()
    remind_signers(at=day(0))
    remind_signers(at=day(7))

    assert letters() == []


def test_who_signed_meanwhile_is_not_reminded(sent: Contract) -> None:
    remind_signers(at=day(3))
    void_envelope(contract=sent, reason="Wrong cap", by=DirectorFactory(), at=day(3))

    assert letters() == []


def test_what_is_not_sent_yet_is_not_reminded_of(queued: Contract) -> None:
    remind_signers(at=day(3))

    assert letters() == []


def test_the_task_reminds_at_the_applications_time(sent: Contract) -> None:
    clock.install(lambda: day(3))
    remind_of_signatures()

    assert len(letters()) == 1


# --- alarms --------------------------------------------------------------------------------
def minutes(number: int) -> datetime:
    return MONDAY + timedelta(minutes=number)


@pytest.fixture
def waiting(queued: Contract, courier: Courier) -> Contract:
    """DocuSign doesn't answer; one administrator and one director beside the two who approved."""
    courier.out_of_order = True
    deliver_kind("partners.send_envelope")
    UserFactory(email="ada@semi.example", roles=[Role.ADMINISTRATOR])
    mail.outbox.clear()
    return queued


def test_an_outage_is_told_after_30_minutes_once(waiting: Contract) -> None:
    watch_docusign(at=minutes(29))
    before = letters()
    for number in (30, 31, 90):
        watch_docusign(at=minutes(number))

    assert before == []
    assert letters() == [f"DocuSign keeps contract {waiting.number} waiting"] * 3


def test_directors_and_administrators_are_told(waiting: Contract) -> None:
    RoleGrant.objects.create(user=waiting.partner.user, role=Role.DIRECTOR, granted_at=MONDAY)
    watch_docusign(at=minutes(30))
    deliver_kind("partners.docusign_delayed")

    told = {address for letter in mail.outbox for address in letter.to}
    assert "ada@semi.example" in told
    assert waiting.partner.user.email not in told
    assert len(told) == 3


def test_when_it_heals_it_goes_out_and_people_are_told_once(waiting: Contract, courier: Courier) -> None:
    watch_docusign(at=minutes(30))
    letters()
    courier.out_of_order = False
    deliver_kind("partners.send_envelope")
    for number in (31, 32):
        watch_docusign(at=minutes(number))

    waiting.refresh_from_db()
    assert waiting.status == "sent"
    assert letters() == [f"Contract {waiting.number}: DocuSign answers again"] * 3


def test_an_outage_that_ends_before_anybody_is_told_is_not_told(waiting: Contract, courier: Courier) -> None:
    courier.out_of_order = False
    deliver_kind("partners.send_envelope")
    watch_docusign(at=minutes(30))

    assert letters() == []


def test_a_second_outage_is_told_again(waiting: Contract, courier: Courier) -> None:
    watch_docusign(at=minutes(30))
    courier.out_of_order = False
    deliver_kind("partners.send_envelope")
    watch_docusign(at=minutes(31))
    letters()
    void_envelope(contract=waiting, reason="Wrong cap", by=DirectorFactory(), at=minutes(40))
    watch_docusign(at=minutes(69))
    assert letters() == []

    watch_docusign(at=minutes(70))

    assert len(letters()) == 4


def test_the_task_watches_at_the_applications_time(waiting: Contract) -> None:
    clock.install(lambda: minutes(30))
    watch_envelopes()
    watch_envelopes()

    assert OutboxMessage.objects.filter(kind="partners.docusign_delayed").count() == 1

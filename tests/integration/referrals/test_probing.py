"""Alerts about what looks like probing (C12): once a pattern and day, to sales leads alone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from partners.models import Partner
from referrals.errors import FindingMissing, NotEligible
from referrals.invariants import INVARIANTS
from referrals.models import ProbingAlert, Referral, RefusalTrace
from referrals.services import probing
from referrals.services.claims import withdraw_referral
from referrals.services.contacts import import_known_contacts
from referrals.services.forgetting import forget_whom_nothing_came_of
from referrals.services.registration import register_referral
from ssp.core.errors import NotAllowed
from ssp.core.invariants import broken
from ssp.core.models import OutboxMessage
from tests.factories.referrals import (
    active_partner,
    confirmed_warm,
    person,
    registered,
    sales_lead,
    seller,
    use_case,
)
from tests.integration.dashboard.test_desk import signed_in as at_the_desk
from tests.integration.referrals.conftest import deliver_all, signed_in
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday"), pytest.mark.clause("C12")]


def refuse(partner: Partner, *emails: str) -> None:
    content = "email\n" + "\n".join(emails)
    import_known_contacts(content=content.encode(), file_name="crm.csv", by=None, at=MONDAY)
    for email in emails:
        with pytest.raises(NotEligible):
            register_referral(partner=partner, person=person(email=email), by=partner.user, at=MONDAY)


@pytest.fixture
def curious() -> Partner:
    """A partner who walked through a company."""
    partner = active_partner("Rosa Blum")
    refuse(partner, "a@acme.example", "b@acme.example", "c@acme.example")
    return partner


def test_a_pattern_is_one_alert_a_day_and_one_mail_to_each_lead(curious: Partner, inbox: Inbox) -> None:
    sofie = sales_lead()
    deliver_all()
    refuse(curious, "d@acme.example")
    deliver_all()
    found = ProbingAlert.objects.filter(pattern="of_a_company")
    assert [(each.partner, each.count) for each in found] == [(curious, 3)]
    about = [mail for mail in inbox.to(sofie.email) if "Rosa Blum" in mail["Subject"]]
    assert len(about) == ProbingAlert.objects.count() == 2  # and four within an hour
    assert not inbox.to(curious.user.email)


def test_the_next_day_it_is_told_again(curious: Partner) -> None:
    assert len(probing.look_for_probing(partner_id=curious.pk, at=MONDAY)) == 1
    assert probing.look_for_probing(partner_id=curious.pk, at=MONDAY) == []
    tomorrow = MONDAY + timedelta(days=1)
    assert len(probing.look_for_probing(partner_id=curious.pk, at=tomorrow)) == 1


def test_a_trace_names_nobody_and_no_cause_and_goes_after_thirty_days(curious: Partner) -> None:
    trace = RefusalTrace.objects.values().first()
    assert trace is not None
    assert "acme" not in str(trace)
    assert set(trace) == {"id", "partner_id", "identity", "company", "refused_at"}
    assert probing.forget_traces(at=MONDAY + timedelta(days=29)) == 0
    assert probing.forget_traces(at=MONDAY + timedelta(days=30)) == 3


def test_held_introductions_given_up_are_noticed() -> None:
    ines = active_partner()
    for n in range(3):
        import_known_contacts(
            content=f"email,first_name,last_name,company\nx@a{n}.example,Ann,Lee,A{n}".encode(),
            file_name="c.csv",
            by=None,
            at=MONDAY,
        )
        held = register_referral(
            partner=ines,
            person=person(first_name="Ann", last_name="Lee", email=f"ann@a{n}.example", company_name=f"A{n}"),
            by=ines.user,
            at=MONDAY,
        )
        withdraw_referral(referral=held, by=ines.user, at=MONDAY)
    deliver_all()
    assert [each.pattern for each in ProbingAlert.objects.all()] == ["given_up"]


def test_the_database_keeps_one_alert_a_pattern_and_day(curious: Partner) -> None:
    (alert,) = probing.look_for_probing(partner_id=curious.pk, at=MONDAY)
    alert.pk = None
    with pytest.raises(IntegrityError, match="probing_alert_once_a_day"), transaction.atomic():
        alert.save()


def test_the_database_takes_no_look_without_a_finding(curious: Partner) -> None:
    (alert,) = probing.look_for_probing(partner_id=curious.pk, at=MONDAY)
    with pytest.raises(IntegrityError, match="looked_at_with_finding"), transaction.atomic():
        ProbingAlert.objects.filter(pk=alert.pk).update(looked_at=MONDAY)


# --- the desk -----------------------------------------------------------------------------
def test_a_lead_looks_and_notes_what_was_behind_it_once(curious: Partner) -> None:
    deliver_all()
    alert = ProbingAlert.objects.get()
    sofie = at_the_desk(sales_lead())
    listed = sofie.get(reverse("desk:probing")).content.decode()
    assert "Rosa Blum: Several people of one company refused within a week" in listed

    page = reverse("desk:probing_alert", args=[alert.pk])
    assert 'aria-invalid="true"' in sofie.post(page, {"finding": " "}).content.decode()
    sofie.post(page, {"finding": "An old list of a fair; we talked."})
    sofie.post(page, {"finding": "Another word."})
    alert.refresh_from_db()
    assert alert.finding == "An old list of a fair; we talked."
    assert "An old list of a fair" in sofie.get(reverse("desk:probing")).content.decode()


def test_looking_takes_a_sales_lead_and_a_finding(curious: Partner) -> None:
    (alert,) = probing.look_for_probing(partner_id=curious.pk, at=MONDAY)
    with pytest.raises(NotAllowed):
        probing.settle_alert(alert=alert, finding="Fine.", by=seller(), at=MONDAY)
    with pytest.raises(FindingMissing):
        probing.settle_alert(alert=alert, finding=" ", by=sales_lead(), at=MONDAY)


def test_no_page_of_the_partner_knows_of_it(curious: Partner) -> None:
    client = signed_in(curious)
    before = [client.get(path).content for path in ("/home/", "/referrals/", "/partnership/")]
    deliver_all()
    assert ProbingAlert.objects.exists()
    after = [client.get(path).content for path in ("/home/", "/referrals/", "/partnership/")]
    assert [len(each) for each in before] == [len(each) for each in after]
    assert client.get(reverse("desk:probing")).status_code == 403


# --- who was forgotten, introduced again ---------------------------------------------------
def test_a_forgotten_person_of_ones_own_is_taken_up_again_and_told_anew() -> None:
    case = confirmed_warm(registered(email="mila@ostrava.example"))
    partner, later = case.partner, MONDAY + timedelta(days=1000)
    forget_whom_nothing_came_of(at=later)
    OutboxMessage.objects.all().delete()

    new = registered(partner, at=later, email="mila@ostrava.example", last_name="Novakova")
    assert new.pk == case.referral_id
    row = Referral.objects.get(pk=new.pk)
    assert (row.last_name, row.anonymised_at, row.status, row.told_at) == ("Novakova", None, "warm", later)
    assert row.name_key
    assert OutboxMessage.objects.filter(kind="referrals.privacy_notice").count() == 1
    assert use_case(partner, referral=row, at=later).referral == row
    assert broken(INVARIANTS) == []


def test_another_partner_still_gets_the_neutral_answer_about_them() -> None:
    confirmed_warm(registered(email="mila@ostrava.example"))
    later = MONDAY + timedelta(days=1000)
    forget_whom_nothing_came_of(at=later)
    other = active_partner("Leila Haddad")
    with pytest.raises(NotEligible):
        register_referral(partner=other, person=person(email="mila@ostrava.example"), by=other.user, at=later)


def test_a_company_is_one_row_however_it_is_found() -> None:
    one = registered(email="a@ostrava.example", company_name="Ostrava")
    two = registered(email="b@ostrava.example", company_name="Ostrava AG", last_name="Else")
    free = registered(email="a@gmail.com", company_name="Kiosk", first_name="Ann", last_name="Lee")
    same = registered(email="b@gmail.com", company_name="KIOSK", first_name="Bo", last_name="Ek")
    assert (one.company, free.company) == (two.company, same.company)
    assert one.company.key == "ostrava"

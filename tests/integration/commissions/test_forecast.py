"""What is coming: an estimate, by the rules that write the ledger."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from commissions.accrual import accrue_deal
from commissions.forecast import coming, to_the_cap, totals
from commissions.models import Commission
from partners.models import Partner
from tests.factories.commissions import INVOICED_ON, SIGNED_ON, a_won_deal, an_invoice, happens
from tests.factories.partners import PartnerFactory, ended
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]


@pytest.fixture
def ines(db: None) -> Partner:
    return PartnerFactory()


def amounts(partner: Partner) -> list[Decimal]:
    return [each.amount for each in coming(partner, on=INVOICED_ON)]


def test_an_open_invoice_brings_its_commission(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")

    assert amounts(ines) == [Decimal("100.00")]


def test_of_an_invoice_paid_in_part_only_the_rest_is_coming(ines: Partner) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "payment", "500")
    accrue_deal(deal.pk, at=MONDAY)

    assert amounts(ines) == [Decimal("50.00")]


def test_a_paid_invoice_brings_nothing_more(ines: Partner) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "payment", "1000")
    accrue_deal(deal.pk, at=MONDAY)

    assert amounts(ines) == []


def test_what_was_credited_is_not_expected(ines: Partner) -> None:
    happens(an_invoice(a_won_deal(partner=ines), "1000"), "credit", "400")

    assert amounts(ines) == [Decimal("60.00")]


def test_of_the_first_invoice_model_only_the_first_counts(ines: Partner) -> None:
    deal = a_won_deal(partner=ines, model="first_invoice")
    an_invoice(deal, "1000")
    an_invoice(deal, "3000", on=INVOICED_ON.replace(year=INVOICED_ON.year + 1))

    assert amounts(ines) == [Decimal("250.00")]


def test_a_deal_signed_after_its_window_promises_nothing(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines, signed_on=SIGNED_ON.replace(year=SIGNED_ON.year + 1)), "1000")

    assert amounts(ines) == []


def test_nobody_sees_what_comes_to_somebody_else(ines: Partner) -> None:
    an_invoice(a_won_deal(), "1000")

    assert amounts(ines) == []


def test_an_estimate_writes_nothing(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")

    coming(ines, on=INVOICED_ON)

    assert not Commission.objects.exists()


# --- to the cap ---------------------------------------------------------------------------------------
def test_a_deal_brings_its_open_invoice_and_its_renewals_until_the_cap(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")

    (each,) = to_the_cap(ines, on=INVOICED_ON)

    assert (each.open_invoices, each.amount) == (Decimal("100.00"), Decimal("300.00"))
    assert each.renewals is not None
    assert each.renewals.cap_ends_on == INVOICED_ON.replace(year=INVOICED_ON.year + 3) - timedelta(days=1)


def test_of_the_first_invoice_nothing_renews(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines, model="first_invoice"), "1000")

    (each,) = to_the_cap(ines, on=INVOICED_ON)

    assert (each.amount, each.renewals) == (Decimal("250.00"), None)


def test_a_partner_ended_for_cause_has_nothing_to_come_from_renewals(ines: Partner) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "payment", "1000", on=INVOICED_ON)
    ended(ines, at=MONDAY + timedelta(days=80), kind="cause")

    assert to_the_cap(ines, on=INVOICED_ON) == []


def test_after_a_notice_renewals_go_on(ines: Partner) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")
    ended(ines, at=MONDAY + timedelta(days=80))

    assert [each.amount for each in to_the_cap(ines, on=INVOICED_ON)] == [Decimal("300.00")]


def test_currencies_are_never_summed(ines: Partner) -> None:
    for currency in ("EUR", "USD"):
        an_invoice(a_won_deal(partner=ines), "1000", currency=currency)

    assert totals(to_the_cap(ines, on=INVOICED_ON)) == [("EUR", Decimal(300)), ("USD", Decimal(300))]


def test_the_page_says_what_may_come_and_the_earnings_count_none_of_it(
    ines: Partner, client: Client, at_monday: object
) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "payment", "500")
    accrue_deal(deal.pk, at=MONDAY)
    client.force_login(ines.user, backend="ssp.core.auth.RoleBackend")

    earned = client.get(reverse("commissions:earnings"))
    page = client.get(reverse("commissions:earnings_forecast"))

    assert [str(s["kpis"][0]["value"]) for s in earned.context["summaries"]] == ["€50.00"]
    assert page.context["totals"] == ["€250.00"]
    assert "If it renews" in page.text
    assert reverse("commissions:earnings_forecast") in earned.text


def test_another_partner_sees_nothing_of_it(ines: Partner, client: Client, at_monday: object) -> None:
    an_invoice(a_won_deal(partner=ines), "1000")
    client.force_login(PartnerFactory().user, backend="ssp.core.auth.RoleBackend")

    assert "Nothing to estimate" in client.get(reverse("commissions:earnings_forecast")).text


@pytest.mark.clause("C20")
def test_an_entry_says_what_it_rests_on_and_a_bonus_names_no_customer(
    client: Client, at_monday: object
) -> None:
    ines = PartnerFactory()
    pieter = PartnerFactory(recruiter=ines, bonus_slot=1)
    deal = a_won_deal(partner=pieter)
    invoice = an_invoice(deal, "1000")
    paid = happens(invoice, "payment", "500")
    accrue_deal(deal.pk, at=MONDAY)
    texts = {}
    for partner in (pieter, ines):
        client.force_login(partner.user, backend="ssp.core.auth.RoleBackend")
        page = client.get(reverse("commissions:earnings")).text
        file = client.get(reverse("commissions:earnings_export")).content.decode()
        texts[partner] = (page, file)

    for text in texts[pieter]:
        assert f"invoice {invoice.reference}: Payment {paid.reference} of" in text
    for text in texts[ines]:
        assert "from your recruit" in text
        assert invoice.reference not in text


@pytest.mark.parametrize(("written_off", "left"), [("1000", []), ("400", [Decimal("60.00")])])
def test_what_nobody_asks_the_customer_for_is_not_expected(
    ines: Partner, written_off: str, left: list[Decimal]
) -> None:
    deal = a_won_deal(partner=ines)
    happens(an_invoice(deal, "1000"), "write_off", written_off)

    assert amounts(ines) == left
    assert [each.open_invoices for each in to_the_cap(ines, on=INVOICED_ON)][:1] == (left or [Decimal(0)])

"""What finance and directors see of it, what they may do, and what nobody else does."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from commissions.models import Commission, JournalMonth
from ssp.core import clock
from ssp.core.models import AuditEntry
from ssp.core.periods import at_local
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice
from tests.factories.core import UserFactory
from tests.factories.finance import a_payment
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_pages import signed_in
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
DAY = date(2027, 1, 12)
NOW = at_local(date(2027, 2, 15), MONDAY.time())
PAGES = ["finance", "finance_invoices", "finance_ledger", "liabilities", "outlook", "by_partner", "journal"]


@pytest.fixture(autouse=True)
def february():
    clock.install(lambda: NOW)
    yield
    clock.install(clock.wall)


@pytest.fixture
def finance() -> Client:
    return signed_in(UserFactory(roles=[Role.FINANCE]))


def something_of_everything() -> Commission:
    recruiter = PartnerFactory()
    recruit = PartnerFactory(recruiter=recruiter, bonus_slot=1)
    a_payment(recruit, on=DAY, at=at_local(DAY, MONDAY.time()))
    a_payment(on=DAY, net="1005", currency="JPY", at=at_local(DAY, MONDAY.time()))
    an_invoice(a_won_deal(), "1000", on=DAY)
    an_invoice(None, "50", on=DAY)
    return Commission.objects.get(kind="bonus")


def test_finance_and_directors_see_every_page_and_nobody_else_does(finance: Client) -> None:
    something_of_everything()
    director, sales, partner = (
        signed_in(UserFactory(roles=[role])) for role in (Role.DIRECTOR, Role.SALES, Role.PARTNER)
    )

    for name in PAGES:
        address = reverse(f"commissions:{name}")
        assert (finance.get(address).status_code, director.get(address).status_code) == (200, 200)
        assert (sales.get(address).status_code, partner.get(address).status_code) == (403, 403)


def test_every_page_is_whole_while_there_is_nothing(finance: Client) -> None:
    for name in PAGES:
        assert finance.get(reverse(f"commissions:{name}")).status_code == 200


def test_a_director_is_offered_nothing_that_finance_alone_does() -> None:
    something_of_everything()
    page = signed_in(UserFactory(roles=[Role.DIRECTOR])).get(reverse("commissions:finance")).content.decode()

    assert "Invoices without a deal" in page
    assert "Choose the deal" not in page
    assert "Confirm the tax status" not in page


def test_an_entry_opens_to_its_sum_and_its_source(finance: Client) -> None:
    bonus = something_of_everything()

    page = finance.get(reverse("commissions:finance_ledger"), {"kind": "bonus"}).content.decode()

    assert f"Bonus for a sale by {bonus.use_case.partner}" in page
    assert "Their commission on this invoice so far" in page
    assert reverse("commissions:invoice", args=[bonus.invoice_id]) in page
    assert reverse("desk:deal", args=[bonus.invoice.deal_id]) in page
    assert f"For entry {bonus.source_entry}" in page


@pytest.mark.parametrize("query", ["?on=2027-02-16", "?on=1999-01-01", "?on=x", "?on="])
def test_a_day_that_cant_be_is_said_on_the_form(query: str, finance: Client) -> None:
    page = finance.get(reverse("commissions:liabilities") + query)

    assert page.context["form"].errors["on"]
    assert finance.get(reverse("commissions:liabilities_file", args=["months"]) + query).status_code == 404


def test_files_are_what_the_pages_show(finance: Client) -> None:
    something_of_everything()

    def lines(name: str, *args: str, **query: str) -> list[str]:
        answer = finance.get(reverse(f"commissions:{name}", args=args), query)
        assert answer.headers["Cache-Control"] == "private, no-store"
        return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]

    assert len(lines("liabilities_file", "months", on="2027-01-31")) == 1 + 2
    assert len(lines("liabilities_file", "partners", on="2027-01-31")) == 1 + 3
    assert len(lines("finance_ledger_file", "csv", kind="bonus")) == 1 + 1
    assert len(lines("finance_invoices_file", "csv", state="without_deal")) == 1 + 1
    assert len(lines("by_partner_file", "deal", since="2027-01-01", until="2027-12-31")) == 1 + 3
    assert any("estimate" in line for line in lines("outlook_file"))


@pytest.mark.parametrize("address", ["by_partner_file", "liabilities_file"])
def test_a_file_of_something_else_isnt_there(address: str, finance: Client) -> None:
    assert finance.get(reverse(f"commissions:{address}", args=["everything"])).status_code == 404


def test_bookkeeping_names_every_account_that_a_journal_uses(finance: Client, settings) -> None:
    page = finance.get(reverse("commissions:journal")).content.decode()

    assert [code for code in settings.BOOKKEEPING.values() if f"<dt>{code}</dt>" not in page] == []


def test_finance_closes_a_month_and_takes_its_file(finance: Client) -> None:
    something_of_everything()
    month = reverse("commissions:journal_month", args=["EUR", "2027-01"])
    assert "Close January 2027 in EUR" in finance.get(month).content.decode()

    closed = finance.post(reverse("commissions:journal_close", args=["EUR", "2027-01"]), follow=True)
    again = finance.post(reverse("commissions:journal_close", args=["EUR", "2027-01"]), follow=True)

    assert "is closed in EUR" in closed.content.decode()
    assert "is closed already" in again.content.decode()
    row = JournalMonth.objects.get()
    address = reverse("commissions:journal_file", args=[row.pk])
    assert finance.get(address).status_code == 405  # it is written down, so no link does it
    files = [finance.post(address) for _ in range(2)]
    assert files[0].content == files[1].content == bytes(row.content)
    assert "journal-EUR-2027-01.csv" in files[0].headers["Content-Disposition"]
    assert AuditEntry.objects.filter(action="journal.exported").count() == 2


def test_a_director_reads_the_books_and_closes_none() -> None:
    something_of_everything()
    director = signed_in(UserFactory(roles=[Role.DIRECTOR]))

    page = director.get(reverse("commissions:journal_month", args=["EUR", "2027-01"])).content.decode()

    assert "Commission expense" in page
    assert "Close January" not in page
    assert director.post(reverse("commissions:journal_close", args=["EUR", "2027-01"])).status_code == 403


@pytest.mark.parametrize(("currency", "month"), [("EUR", "2027-13"), ("XXX", "2027-01")])
def test_a_month_that_cant_be_isnt_there(currency: str, month: str, finance: Client) -> None:
    something_of_everything()

    assert finance.get(reverse("commissions:journal_month", args=[currency, month])).status_code == 404


def test_reading_writes_nothing(finance: Client) -> None:
    something_of_everything()
    before = AuditEntry.objects.count()

    for name in PAGES:
        finance.get(reverse(f"commissions:{name}"))

    assert AuditEntry.objects.count() == before


def test_pages_ask_no_more_with_more_entries(finance: Client, django_assert_max_num_queries) -> None:
    for n in range(6):
        a_payment(on=DAY + timedelta(days=n), at=at_local(DAY, MONDAY.time()))

    for name in ("finance_invoices", "finance_ledger", "liabilities", "by_partner", "journal"):
        with django_assert_max_num_queries(22):
            finance.get(reverse(f"commissions:{name}"))

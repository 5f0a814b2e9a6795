"""Where the parts meet: whoever shows a sum of the same history shows the same sum, to the cent."""

import csv
import io
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.db import connection

from commissions import accrual, matches, payment_files, payouts, recording, statements
from commissions.finance import by_partner, journal, ledger_list, outlook
from commissions.finance.ledger_list import LedgerFilters
from commissions.finance.standing import standing
from commissions.invariants import INVARIANTS
from commissions.ledger_file import ledger_table
from commissions.ledger_sums import earned_between, sums_by
from commissions.models import Commission, JournalMonth, Payout, PayoutRun, Statement
from commissions.queries import earned_summary
from commissions.reconciliation import Tally, differences
from partners.models import Partner
from ssp.core.models import User
from ssp.core.periods import add_months, local_date
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, bank_details, confirmed_tax, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory, ended
from tests.factories.statements import APRIL, FEBRUARY, MARCH, MAY, enters
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C5")]
D = Decimal
JUNE = MONDAY + timedelta(days=200)  # 11 June 2027
JULY = MONDAY + timedelta(days=225)  # 6 July: every month of the history is over
Sums = dict[tuple[int, str], D]  # by partner and currency


class History:
    """Five partners and four currencies; everything that can become of an entry became of one."""

    def __init__(self) -> None:
        self.femke, self.willem = UserFactory(roles=[Role.FINANCE]), UserFactory(roles=[Role.DIRECTOR])
        self.ines = PartnerFactory(display_name='=Ines & "Sons" <b>')  # two currencies
        self.recruiter = PartnerFactory()
        self.recruit = PartnerFactory(recruiter=self.recruiter, bonus_slot=1)
        self.kofi, self.yuki = PartnerFactory(), PartnerFactory()
        for partner, vat in ((self.ines, "21"), (self.recruit, "0"), (self.kofi, "0"), (self.yuki, "0")):
            confirmed_tax(partner, vat_percent=vat)
        confirmed_tax(self.recruiter, vat_percent="9")
        self.february()
        self.march()
        self.after()

    def february(self) -> None:
        enters(self.ines, "333.35", at=FEBRUARY)
        enters(self.ines, "500", at=FEBRUARY, currency="USD")
        enters(self.recruit, "1000", at=FEBRUARY)
        self.kuwait = enters(self.kofi, "333.335", at=FEBRUARY, currency="KWD")
        enters(self.yuki, "999", at=FEBRUARY, currency="JPY")

    def march(self) -> None:
        self.failed = self.run("EUR", at=MARCH + timedelta(days=1))
        for payout in self.failed.payouts.exclude(partner=self.recruit):
            payouts.mark_failed(payout=payout, reason="Came back.", by=self.femke, at=APRIL)
        for payout in self.failed.payouts.filter(partner=self.recruit):
            self.paid(payout, at=MARCH + timedelta(days=3))
        for currency in ("USD", "KWD", "JPY"):
            run = self.run(currency, at=MARCH + timedelta(days=2))
            self.paid(run.payouts.get(), at=MARCH + timedelta(days=4))
            if currency == "JPY":  # the bank sent it back weeks later
                payouts.mark_returned(
                    payout=run.payouts.get(),
                    returned_on=local_date(APRIL),
                    reason="AC04",
                    by=self.femke,
                    at=APRIL,
                )
        # A credit note after its entry was paid, and a refund: the balance falls below zero.
        happens(self.kuwait.invoice, "credit", "800", on=local_date(APRIL))
        happens(self.kuwait.invoice, "refund", "133.335", on=local_date(APRIL))
        accrual.accrue_invoices([self.kuwait.invoice_id], at=APRIL)

    def after(self) -> None:
        enters(self.ines, "777.77", at=APRIL)
        enters(self.recruit, "10", at=APRIL)
        late = self.run("EUR", at=MAY + timedelta(days=3), change=self.ines)
        self.aside = late.payouts.get(partner=self.ines)
        for payout in late.payouts.filter(failed_at=None):
            self.paid(payout, at=MAY + timedelta(days=4))
        ended(self.recruit, at=MAY + timedelta(days=6))
        enters(self.recruit, "300", at=MAY + timedelta(days=8))
        self.returned = payouts.prepare_payout_run(currency="EUR", by=self.femke, at=JUNE)
        payouts.return_payout_run(run=self.returned, by=self.willem, at=JUNE)
        self.open = self.run("EUR", at=JUNE + timedelta(days=1))  # approved, and not transferred
        enters(self.yuki, "1000", at=JUNE + timedelta(days=2), currency="JPY")  # held for long
        off = an_invoice(a_won_deal(partner=self.yuki, currency="JPY"), "1000", currency="JPY")
        happens(off, "write_off", "1000")

    def run(self, currency: str, *, at: datetime, change: Partner | None = None) -> PayoutRun:
        run = payouts.prepare_payout_run(currency=currency, by=self.femke, at=at)
        if change:
            bank_details(change, at=at + timedelta(minutes=5), number="DE89370400440532013000")
        return payouts.approve_payout_run(run=run, by=self.willem, at=at + timedelta(hours=1))

    def paid(self, payout: Payout, *, at: datetime) -> None:
        payouts.mark_paid(payout=payout, paid_on=local_date(at), by=self.femke, at=at)


@pytest.fixture
def history() -> History:
    return History()


def by_partner_and_currency(name: str, *, at: datetime) -> Sums:
    """Return what partners' own pages say."""
    return {
        (partner.pk, each.currency): getattr(each, name)
        for partner in Partner.objects.all()
        for each in earned_summary(partner, local_date(at))
    }


def booked(femke: User, *, until: date) -> dict[tuple[str, str], D]:
    """Close every month of every currency; return each account's debit less its credit, from the files."""
    balances: defaultdict[tuple[str, str], D] = defaultdict(D)
    for currency in ("EUR", "USD", "KWD", "JPY"):
        for month in journal.open_months(currency):
            if month.is_over(until):
                journal.close_month(currency=currency, month=month.month, by=femke, at=JULY)
    for closed in JournalMonth.objects.all():
        for line in csv.DictReader(io.StringIO(bytes(closed.content).decode("utf-8-sig"), newline="")):
            assert not line["partner_name"].startswith("=")
            key = (closed.currency, line["account_name"])
            balances[key] += D(line["debit"] or 0) - D(line["credit"] or 0)
    return balances


def by_currency(sums: Sums) -> dict[str, D]:
    found: defaultdict[str, D] = defaultdict(D)
    for (_partner, currency), amount in sums.items():
        found[currency] += amount
    return dict(found)


def test_the_history_has_everything(history: History) -> None:
    history.aside.refresh_from_db()
    assert (history.aside.failed_at is not None, history.aside.statement_number) == (True, "")
    assert Statement.objects.filter(kind="cancellation").count() == 3  # two failed, one came back
    assert by_partner_and_currency("payable", at=JULY)[history.kofi.pk, "KWD"] < 0
    assert history.open.payouts.filter(partner=history.ines).exists()
    assert Commission.objects.filter(kind="bonus", partner=history.recruiter).count() == 3


def test_earnings_and_liabilities_say_the_same(history: History) -> None:
    for name in ("earned", "held", "payable", "in_payout", "paid"):
        liabilities = {
            (partner.pk, each.currency): getattr(sums, name)
            for each in standing(local_date(JULY))
            for partner, sums in each.partners.items()
        }
        assert liabilities == by_partner_and_currency(name, at=JULY), name


def test_every_list_and_figure_adds_up_to_what_was_earned(history: History) -> None:
    on = local_date(JULY)
    earned = by_currency(by_partner_and_currency("earned", at=JULY))
    whole = earned_between(date(2026, 1, 1), on)

    assert {row["currency"]: row["amount"] for row in sums_by(whole)} == earned
    assert {row["currency"]: row["total"] for row in ledger_list.sums_of(LedgerFilters(), on=on)} == earned
    for by in ("partner", "tier", "deal"):
        figures = by_partner.figures(by, since=date(2026, 1, 1), until=on)  # type: ignore[arg-type]
        rows: Sums = defaultdict(D)
        for n, row in enumerate(figures):
            rows[n, row.currency] += row.earned
        assert by_currency(rows) == earned, by
    assert outlook.payable_now(on=on) == {
        currency: amount
        for currency, amount in by_currency(by_partner_and_currency("payable", at=JULY)).items()
        if amount
    }


def test_a_partners_file_adds_up_to_their_page(history: History) -> None:
    headers, rows = ledger_table(history.ines, on=local_date(JULY))
    amount, currency = headers.index("Amount"), headers.index("Currency")
    found: Sums = defaultdict(D)
    for n, row in enumerate(rows):
        found[n, str(row[currency])] += D(str(row[amount]))

    assert by_currency(found) == {
        s.currency: s.earned for s in earned_summary(history.ines, local_date(JULY))
    }


def test_the_last_months_statement_closes_on_what_is_owed(history: History) -> None:
    statements.catch_up(at=JULY)
    statements.close_months(at=JULY)

    owed = {
        (partner.pk, each.currency): sums.held + sums.payable
        for each in standing(add_months(local_date(JULY).replace(day=1), 0) - timedelta(days=1))
        for partner, sums in each.partners.items()
    }
    closing = {
        (row.partner_id, row.currency): row.closing
        for row in Statement.objects.filter(kind="month").order_by("month")
    }
    assert closing == owed


def test_payouts_their_statements_and_cancellations_add_up_to_what_left(history: History) -> None:
    stated: Sums = defaultdict(D)
    for row in Statement.objects.exclude(kind="month"):
        stated[row.partner_id, row.currency] += row.net
    paid = by_partner_and_currency("paid", at=JULY)
    in_payout = by_partner_and_currency("in_payout", at=JULY)

    assert {key: amount for key, amount in stated.items() if amount} == {
        key: paid[key] + in_payout[key] for key in paid if paid[key] + in_payout[key]
    }


def test_the_books_say_what_the_liabilities_say(history: History) -> None:
    books = booked(history.femke, until=local_date(JULY))
    last = date(2027, 6, 30)
    for each in standing(last):
        live = Payout.objects.filter(currency=each.currency, statement_sequence__isnull=False, failed_at=None)
        vat = sum((p.vat for p in live), D(0))
        open_vat = sum((p.vat for p in live if not p.paid_on), D(0))
        of = {account: amount for (currency, account), amount in books.items() if currency == each.currency}
        assert of["Commission expense"] == each.total.earned, each.currency
        assert -of["Accrued commissions"] == each.total.held + each.total.payable, each.currency
        assert -of["Payable to partners"] == each.total.in_payout + open_vat, each.currency
        assert -of["Bank"] == each.total.paid + vat - open_vat, each.currency
        assert of.get("VAT to reclaim", D(0)) == vat, each.currency
        assert sum(of.values()) == 0


def test_the_bank_gets_what_the_run_says_and_only_euro(history: History) -> None:
    file = payment_files.take_sepa_file(
        run=history.open, by=history.femke, at=JUNE + timedelta(days=1, hours=2)
    )
    names = {"c": payment_files.NAMESPACE}
    amounts = ET.fromstring(file.content).findall(".//c:InstdAmt", names)

    live = history.open.payouts.filter(failed_at=None)
    assert sum(D(each.text or 0) for each in amounts) == file.total == sum(p.total for p in live)
    assert {each.get("Ccy") for each in amounts} == {"EUR"}


def test_nothing_is_broken_or_due_after_all_that(history: History) -> None:
    assert list(differences(Tally())) == []
    with connection.cursor() as cursor:
        for number, words, sql in INVARIANTS:
            cursor.execute(sql)
            assert cursor.fetchall() == [], f"{number}: {words}"


# --- a match that is taken back ---------------------------------------------------------------
def accrued(at: datetime) -> list[D]:
    accrual.accrue(at=at)
    return list(Commission.objects.order_by("pk").values_list("amount", flat=True))


@pytest.mark.parametrize(("model", "full"), [("recurring", D(100)), ("first_invoice", D(250))])
def test_a_match_taken_back_and_made_again_is_no_difference(model: str, full: D) -> None:
    """Another invoice of the deal had earned meanwhile, by a position that the first one decided."""
    femke = UserFactory(roles=[Role.FINANCE])
    deal = a_won_deal(model=model)
    early = an_invoice(None, "100", on=date(2024, 6, 1))
    invoice = an_invoice(deal, "1000", on=date(2027, 1, 20))
    matches.match_invoice(invoice=early, deal=deal, by=femke, at=FEBRUARY)
    recording.record_payment(
        invoice=invoice, reference="P-1", happened_on=date(2027, 2, 1), gross=D(1000), by=femke, at=FEBRUARY
    )
    with_it = accrued(FEBRUARY)

    matches.unmatch_invoice(invoice=early, by=femke, at=MARCH)
    without_it = sum(accrued(MARCH))
    assert list(differences(Tally())) == []

    matches.match_invoice(invoice=early, deal=deal, by=femke, at=APRIL)
    assert (sum(accrued(APRIL)), without_it) == (sum(with_it), full)
    assert list(differences(Tally())) == []

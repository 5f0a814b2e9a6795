# ruff: noqa: E501 - rows of files as they are
"""Other systems' exports become rows of our own columns; what they leave open is asked, never guessed."""

from dataclasses import replace

import pytest

from commissions import layouts
from commissions.layouts import LeftOut
from commissions.layouts.shapes import day_before, local_day
from ssp.core.intake import ColumnsUnclear
from ssp.core.tabular import Row, Table, read_table

STRIPE_INVOICES = (
    "id,Amount Due,Amount Paid,Billing,Charge,Closed,Currency,Customer,Date (UTC),Due Date (UTC),Number,Paid,"
    "Subscription,Subtotal,Total Discount Amount,Applied Coupons,Tax,Tax Percent,Total,Status,Finalized At (UTC),"
    "Paid At (UTC),Marked Uncollectible At (UTC),Voided At (UTC),Minimum Line Item Period Start (UTC),"
    "Maximum Line Item Period End (UTC),Customer Name,Customer Email\n"
)
PAID_ONE = (
    "in_1,1210.00,1210.00,,ch_1,true,eur,cus_9,2026-08-31 21:50,,SEMI-0001,true,sub_1,1000.00,0,,210.00,21,1210.00,paid,"
    "2026-08-31 22:30,2026-09-02 10:00,,,2026-09-01 00:00,2026-10-01 00:00,Kestrel Biotech,ap@kestrel.example\n"
)
SAID = {"recurring": "subscription", "period": "refuse", "payments": "elsewhere"}
EXACT = (
    "Dagboek: Code;Boekjaar;Periode;Boekstuknummer;Omschrijving: Kopregel;Factuurdatum;Vervaldatum;Valuta;Wisselkoers;"
    "Betalingsconditie: Code;Ordernummer;Uw ref.;Betalingsreferentie;Code;Naam;Grootboekrekening;Omschrijving;BTW-code;"
    "BTW-percentage;Bedrag;Aantal;BTW-bedrag;Opmerkingen;Project;Van;Naar\n"
)
EXACT_LINES = (
    "70;2026;9;26700012;;01-09-2026;;EUR;;30;;KESTREL-2026;;100;Kestrel Biotech;8000;Abonnement;2;21;1.000,00;1;210,00;"
    ";;01-09-2026;31-08-2027\n"
    "70;2026;9;26700012;;01-09-2026;;EUR;;30;;KESTREL-2026;;100;Kestrel Biotech;8000;Onboarding;2;21;500,00;1;105,00;;;;\n"
)
EXACT_SAID = {"vat": "without", "recurring": "period", "period": "refuse"}


def read(text: str, said: dict[str, str]) -> list[Row]:
    table = read_table(text.encode())
    layout = layouts.recognise(table.headers)
    return layouts.own_rows(table, layout, layouts.recognise_columns(table.headers, layout), said)


def name_of(text: str) -> str:
    return layouts.recognise(read_table(text.encode()).headers).name


# --- Stripe ---------------------------------------------------------------------------
def test_stripes_invoice_is_recognised_and_read_to_the_day_and_cent() -> None:
    assert name_of(STRIPE_INVOICES + PAID_ONE) == "stripe_invoices"
    (row,) = read(STRIPE_INVOICES + PAID_ONE, SAID)

    assert row.cells == {
        "kind": "invoice",
        "reference": "SEMI-0001",
        "external_id": "in_1",
        "customer": "Kestrel Biotech",
        "customer_reference": "",
        "customer_domain": "ap@kestrel.example",
        "date": "2026-09-01",  # half past midnight in Amsterdam
        "currency": "EUR",
        "net": "1000",
        "gross": "1210",
        "description": "",
        "service_from": "2026-09-01",
        "service_to": "2026-09-30",
        "recurring": "yes",
    }


@pytest.mark.parametrize("left", ["recurring", "period", "payments"])
def test_what_stripe_leaves_open_must_be_said(left: str) -> None:
    with pytest.raises(ColumnsUnclear):
        read(STRIPE_INVOICES + PAID_ONE, {**SAID, left: ""})


def test_an_invented_answer_is_no_answer() -> None:
    with pytest.raises(ColumnsUnclear):
        read(STRIPE_INVOICES + PAID_ONE, {**SAID, "recurring": "perhaps"})


@pytest.mark.parametrize(
    ("change", "word"),
    [(("SEMI-0001,true", ",false"), "draft"), ((",paid,", ",void,"), "Voided")],
)
def test_drafts_and_voided_invoices_are_left_out(change: tuple[str, str], word: str) -> None:
    (row,) = read(STRIPE_INVOICES + PAID_ONE.replace(*change).replace("1210.00,paid", "1210.00,"), SAID)

    assert isinstance(row, LeftOut)
    assert word in row.why


def test_an_invoice_without_a_subscription_is_one_off_when_so_said() -> None:
    (row,) = read(STRIPE_INVOICES + PAID_ONE.replace("sub_1", ""), SAID)

    assert row.get("recurring") == "no"


def test_a_one_off_items_period_of_no_length_is_none() -> None:
    (row,) = read(STRIPE_INVOICES + PAID_ONE.replace("2026-10-01 00:00", "2026-09-01 00:00"), SAID)

    assert (row.get("service_from"), row.get("service_to")) == ("", "")


def test_a_missing_period_is_what_somebody_said() -> None:
    text = STRIPE_INVOICES + PAID_ONE.replace("2026-09-01 00:00,2026-10-01 00:00", ",")
    (row,) = read(text, {**SAID, "period": "3"})

    assert (row.get("service_from"), row.get("service_to")) == ("2026-09-01", "2026-11-30")


def test_the_payment_in_an_invoices_row_has_its_charges_number() -> None:
    _invoice, payment = read(STRIPE_INVOICES + PAID_ONE, {**SAID, "payments": "here"})

    assert (payment.get("kind"), payment.get("reference"), payment.get("invoice")) == (
        "payment",
        "ch_1",
        "SEMI-0001",
    )


def test_what_stripe_gave_up_is_a_write_off() -> None:
    row = PAID_ONE.replace("1210.00,1210.00,,ch_1", "1210.00,210.00,,ch_1").replace(
        ",paid,", ",uncollectible,"
    )
    _invoice, given_up = read(
        STRIPE_INVOICES + row.replace("10:00,,,2026", "10:00,2026-11-02 09:00,,2026"), SAID
    )

    assert (given_up.get("kind"), given_up.get("gross"), given_up.get("date")) == (
        "write_off",
        "1000",
        "2026-11-02",
    )


PAYMENTS = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Description,Fee,PaymentIntent ID,"
    "Refunded date (UTC),Status,Customer ID,Customer Email,Invoice ID,Invoice Number\n"
)
PAYMENT = (
    "ch_1,2026-09-02 10:00:00,1210.00,0.00,eur,TRUE,1210.00,,20,pi_1,,Paid,cus_9,a@b.example,in_1,SEMI-0001\n"
)


def test_stripes_payments_are_read_and_what_failed_is_left_out() -> None:
    text = PAYMENTS + PAYMENT + PAYMENT.replace("Paid", "Failed") + PAYMENT.replace("in_1,SEMI-0001", ",")
    paid, failed, loose = read(text, {"refunds": "elsewhere"})

    assert (paid.get("kind"), paid.get("gross"), paid.get("invoice")) == ("payment", "1210", "SEMI-0001")
    assert isinstance(failed, LeftOut)
    assert isinstance(loose, LeftOut)


@pytest.mark.parametrize(("said", "kind"), [("here", "refund"), ("elsewhere", "")])
def test_refunds_come_from_the_payments_only_when_so_said(said: str, kind: str) -> None:
    text = PAYMENTS + PAYMENT.replace("1210.00,0.00", "1210.00,200.00").replace(
        "pi_1,,Paid", "pi_1,2026-09-09 08:00:00,Paid"
    )
    _payment, refund = read(text, {"refunds": said})

    assert isinstance(refund, LeftOut) is (not kind)
    assert refund.get("gross") == ("200" if kind else "")


def test_the_balance_report_brings_each_refund_with_its_day_and_payment() -> None:
    text = (
        "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,charge_id,invoice_id,"
        "customer_facing_amount,customer_facing_currency\n"
        "txn_1,2026-09-02 10:00:00,usd,1300.00,20,1280,charge,ch_1,ch_1,in_1,1210.00,eur\n"
        "txn_2,2026-09-09 23:10:00,usd,-215.00,0,-215,refund,re_1,ch_1,,-200.00,eur\n"
        "txn_3,2026-09-10 00:00:00,usd,-9.00,0,-9,fee,,,,,\n"
    )
    payment, refund, fee = read(text, {})

    assert (payment.get("gross"), payment.get("currency")) == ("1210", "EUR")
    assert (refund.get("reference"), refund.get("payment"), refund.get("gross")) == ("re_1", "ch_1", "200")
    assert refund.get("date") == "2026-09-10"
    assert isinstance(fee, LeftOut)


def test_a_credit_notes_net_is_its_total_less_its_tax() -> None:
    text = (
        "Credit Note Number,Created (UTC),Status,Invoice Number,Currency,Total,Tax\n"
        "SEMI-0001-CN-01,2026-09-20 12:00,issued,SEMI-0001,eur,121.00,21.00\n"
    )
    (row,) = read(text, {})

    assert (row.get("kind"), row.get("net"), row.get("gross")) == ("credit", "100", "121")


# --- Exact Online ----------------------------------------------------------------------
def test_exacts_entry_becomes_one_invoice_with_its_lines() -> None:
    assert name_of(EXACT + EXACT_LINES) == "exact_entries"
    first, second = read(EXACT + EXACT_LINES, EXACT_SAID)

    assert (first.get("reference"), second.get("reference")) == ("26700012", "26700012")
    assert (first.get("net"), first.get("gross")) == ("1000", "1210")
    assert [row.get("recurring") for row in (first, second)] == ["yes", "no"]
    assert first.get("customer_reference") == "KESTREL-2026"


def test_amounts_with_vat_in_them_are_taken_apart_when_so_said() -> None:
    first, _second = read(EXACT + EXACT_LINES, {**EXACT_SAID, "vat": "with"})

    assert (first.get("net"), first.get("gross")) == ("790", "1000")


def test_whether_exacts_amounts_have_vat_is_never_guessed() -> None:
    with pytest.raises(ColumnsUnclear):
        read(EXACT + EXACT_LINES, {**EXACT_SAID, "vat": ""})


def test_an_entry_below_zero_is_a_credit_note_that_needs_its_invoice() -> None:
    text = EXACT + EXACT_LINES.replace("1.000,00;1;210", "-1.000,00;1;-210").replace(
        "500,00;1;105", "-500,00;1;-105"
    )
    credit, counted = read(text, EXACT_SAID)

    assert "say for which invoice" in credit.problem
    assert (credit.get("net"), credit.get("gross")) == ("1500", "1815")
    assert isinstance(counted, LeftOut)


def test_english_headings_are_recognised_too() -> None:
    heads = "Journal: Code,Entry number,Invoice date,Currency,Your ref.,Name,G/L account,Description,Amount,VAT amount"
    assert name_of(f"{heads}\n70,1,2026-09-01,EUR,X,Kestrel,8000,Licence,1000,210\n") == "exact_entries_en"


# --- our own, and any other ---------------------------------------------------------------
def test_a_file_without_kinds_is_what_somebody_says() -> None:
    text = "Factuurnummer,Klant,Factuurdatum,Valuta,Netto,Brutto\nSI-1,Kestrel,2026-09-01,EUR,100,121\n"
    said = {"kind": "invoice", "recurring": "all", "period": "12"}

    (row,) = read(text, said)
    assert (row.get("reference"), row.get("recurring"), row.get("service_to")) == (
        "SI-1",
        "yes",
        "2027-08-31",
    )
    for left in said:
        with pytest.raises(ColumnsUnclear):
            read(text, {**said, left: ""})


def test_a_file_of_payments_is_asked_nothing_about_invoices() -> None:
    text = "number,invoice_number,date,total\nP-1,SI-1,2026-09-01,121\n"

    (row,) = read(text, {"kind": "payment"})
    assert (row.get("kind"), row.get("invoice"), row.get("gross")) == ("payment", "SI-1", "121")


def test_an_answer_never_overrules_a_column() -> None:
    text = (
        "kind,reference,customer,date,currency,net,gross,recurring,service_from,service_to\n"
        "invoice,SI-1,K,2026-09-01,EUR,100,121,no,,\n"
    )
    (row,) = read(text, {"recurring": "all"})

    assert row.get("recurring") == "no"


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-08-31 22:30", "2026-09-01"),
        ("2026-12-31 23:30:15", "2027-01-01"),
        ("2026-12-31 22:30", "2026-12-31"),
        ("2026-08-31T21:59:59Z", "2026-08-31"),
        ("31-08-2026", "31-08-2026"),
    ],
)
def test_moments_in_utc_are_days_in_amsterdam(moment: str, day: str) -> None:
    assert local_day(moment) == day


def test_an_amount_that_may_be_with_or_without_vat_is_asked_for() -> None:
    text = "number,invoice_number,date,amount\nP-1,SI-1,2026-09-01,121\n"

    with pytest.raises(ColumnsUnclear, match="Amount with VAT"):
        read(text, {"kind": "payment"})


def test_a_periods_last_day_is_the_one_before_its_end() -> None:
    assert day_before("2026-10-01 00:00") == "2026-09-30"


def test_a_row_with_a_problem_keeps_it() -> None:
    table: Table = read_table((STRIPE_INVOICES + PAID_ONE).encode())
    broken = replace(table, rows=(replace(table.rows[0], problem="A cell holds a formula."),))
    layout = layouts.recognise(table.headers)

    (row,) = layouts.own_rows(broken, layout, layouts.recognise_columns(table.headers, layout), SAID)
    assert row.problem


@pytest.mark.parametrize(
    "moment", ["9999-12-31 23:30", "2026-02-30 10:00", "2026-08-31 99:99", "0001-01-01 00:00"]
)
def test_a_moment_that_cant_be_is_refused_in_words_wherever_it_stands(moment: str) -> None:
    for stands in ("2026-08-31 22:30", "2026-10-01 00:00"):
        text = STRIPE_INVOICES + PAID_ONE.replace(stands, moment)
        (row,) = read(text, {**SAID, "recurring": "all", "period": "12"})
        assert row.problem or row.get("reference") == "SEMI-0001"


def test_an_amount_of_another_world_is_refused_in_words() -> None:
    (row,) = read(STRIPE_INVOICES + PAID_ONE.replace("21,1210.00", "21,1e999"), SAID)

    assert "is no amount" in row.problem

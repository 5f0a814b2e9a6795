"""Accounts: what is accepted, in which words the rest is refused, and what may be seen of one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.errors_payout import AccountUnreadable
from commissions.rules.accounts import (
    Account,
    first_day_with,
    is_by_sepa,
    mask,
    paid_anyway_from,
    read_account,
    read_iban,
    rests_from,
    sepa_text,
    transfer_day,
)

D = Decimal
DUTCH = "NL91ABNA0417164300"


def iban(typed: str, *, bic: str = "", holder: str = "Marchetti Advisory") -> Account:
    return read_iban(typed, holder=holder, bic=bic)


@pytest.mark.parametrize(
    "typed", [DUTCH, "nl91 abna 0417 1643 00", "NL91-ABNA-0417-1643-00", f"  {DUTCH}\u00a0"]
)
def test_an_iban_is_read_however_it_is_spaced_and_its_bank_is_worked_out(typed: str) -> None:
    account = iban(typed)

    assert (account.number, account.country, account.bic) == (DUTCH, "NL", "ABNANL2A")
    assert account.bank == "ABN AMRO BANK N.V."


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("NL91ABNA0417164301", "a character is wrong, or two are swapped"),
        ("NL19ABNA0417164300", "a character is wrong, or two are swapped"),
        ("NL91ABNA041716430", "too short or too long for its country"),
        ("NL91ABNA04171643000", "too short or too long for its country"),
        ("US12345678901234567890", "choose “Another account”"),
        ("12345678", "no IBAN"),
        ("", "no IBAN"),
        ("NL91 ÄÄÄÄ 0417 1643 00", "no IBAN"),
        ("<script>alert(1)</script>", "no IBAN"),
    ],
)
def test_a_wrong_iban_is_refused_in_words_that_help(typed: str, words: str) -> None:
    with pytest.raises(AccountUnreadable, match=words) as refused:
        iban(typed)
    assert refused.value.field == "iban"


def test_the_bic_is_asked_for_where_it_cant_be_worked_out() -> None:
    with pytest.raises(AccountUnreadable, match="can’t tell the bank") as refused:
        iban("BE68539007547034")
    assert refused.value.field == "bic"

    assert iban("BE68539007547034", bic="gebabebb").bic == "GEBABEBB"


def test_another_banks_bic_is_refused() -> None:
    with pytest.raises(AccountUnreadable, match="belongs to ABN AMRO"):
        iban(DUTCH, bic="INGBNL2A")
    assert iban(DUTCH, bic="ABNANL2AXXX").bic == "ABNANL2A"


@pytest.mark.parametrize("bic", ["FOO", "ABNANL2", "1234XX2A", "ABNA NL2A X"])
def test_what_is_no_bic_is_refused(bic: str) -> None:
    with pytest.raises(AccountUnreadable, match="8 or 11"):
        iban("BE68539007547034", bic=bic)


@pytest.mark.parametrize("holder", ["", "  ", "🙂", "&", "x"])
def test_a_holder_that_no_bank_can_read_is_refused(holder: str) -> None:
    with pytest.raises(AccountUnreadable) as refused:
        iban(DUTCH, holder=holder)
    assert refused.value.field == "holder"


def test_an_account_without_iban_needs_its_bic_and_country() -> None:
    account = read_account("12-3456 789", holder="Jo Doe", country="US", bic="CHASUS33", routing="021000021")
    assert (account.number, account.routing, account.is_iban) == ("123456789", "021000021", False)

    for wrong, field in (
        ({"country": ""}, "country"), ({"bic": ""}, "bic"), ({"routing": "a!"}, "routing"),
        ({"typed": "1"}, "number"),
    ):  # fmt: skip
        values = {"typed": "123456789", "holder": "Jo Doe", "country": "US", "bic": "CHASUS33", "routing": ""}
        with pytest.raises(AccountUnreadable) as refused:
            read_account(**{**values, **wrong})
        assert refused.value.field == field


@pytest.mark.parametrize(
    ("number", "country", "seen"),
    [
        (DUTCH, "NL", "NL** **** 4300"),
        ("123456789", "", "**** 789"),
        ("1234", "", "**** 4"),
        ("12", "", "**** "),
    ],
)
def test_a_mask_shows_the_end_and_never_more_than_a_third(number: str, country: str, seen: str) -> None:
    assert mask(number, country=country).rstrip() == seen.rstrip()


@pytest.mark.parametrize(
    ("country", "is_iban", "currency", "sepa"),
    [("NL", True, "EUR", True), ("GB", True, "EUR", True), ("NL", True, "USD", False),
     ("BR", True, "EUR", False), ("US", False, "EUR", False)],
)  # fmt: skip
def test_sepa_is_for_euros_to_ibans_of_its_countries(
    country: str, is_iban: bool, currency: str, sepa: bool
) -> None:
    assert is_by_sepa(country=country, is_iban=is_iban, currency=currency) is sepa


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Müller & Söhne", "Muller + Sohne"),
        ("Łódź Święto", "Lodz Swieto"),
        ("Юлия Иванова", "Iuliia Ivanova"),
        ("a//b/", "a/b"),
        ("/start", "start"),
        ("x@y #1 <b>", "x y 1 b"),
        ("tab\tline\nend", "tab line end"),
        ("Æ" * 100, "AE" * 35),
    ],
)
def test_text_for_banks_is_latin(text: str, written: str) -> None:
    assert sepa_text(text, limit=70) == written


@given(st.text(max_size=200))
def test_text_for_banks_never_holds_anything_else(text: str) -> None:
    written = sepa_text(text, limit=70)

    assert len(written) <= 70
    assert set(written) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
    assert "//" not in written
    assert not written.startswith("/")
    assert not written.endswith("/")


def test_an_account_rests_for_exactly_72_hours() -> None:
    entered = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert rests_from(entered) - entered == timedelta(hours=72)


def test_a_balance_reaches_the_minimum_by_what_is_held() -> None:
    coming = [(date(2026, 12, 1), D(10)), (date(2026, 12, 9), D(-5)), (date(2026, 12, 20), D(15))]

    assert first_day_with(D(25), now=D(8), coming=coming) == date(2026, 12, 20)
    assert first_day_with(D(0), now=D(-5), coming=coming) == date(2026, 12, 1)
    assert first_day_with(D(25), now=D(-50), coming=coming) is None
    assert first_day_with(D(0), now=D(-10), coming=coming[:1]) is None  # nothing is no payout


def test_a_small_sum_is_paid_after_a_year() -> None:
    assert paid_anyway_from(date(2024, 2, 29)) == date(2025, 2, 28)


def test_a_file_that_is_made_at_the_weekend_asks_for_monday() -> None:
    assert transfer_day(date(2026, 11, 28)) == date(2026, 11, 30)
    assert transfer_day(date(2026, 11, 27)) == date(2026, 11, 27)

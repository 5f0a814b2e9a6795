"""kill -9 of worker, beat and Redis in the middle of signing, confirming and accruing.

Nothing is lost and nothing happens twice. The middle is made by a lock on a table that a worker is about to
write: it stands still there, is killed with the others, and the supervisor starts them again.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.functional.people import Person
from tests.running import Installation, eventually

pytestmark = pytest.mark.timeout(900)
QUESTION = "What type of referral was Nils Berg"
SitsDown = Callable[..., Person]
VICTIMS = ("worker", "beat", "valkey")


def ask(site: Installation, question: str, *values: object) -> list[tuple]:
    with psycopg.connect(site.told["DATABASE_URL"], autocommit=True) as connection:
        return connection.execute(question, values).fetchall()  # type: ignore[arg-type]


@contextmanager
def standing_still_at(site: Installation, table: str) -> Iterator[Callable[[], None]]:
    """Let nobody write to `table`; yields what waits until a worker stands there."""
    with psycopg.connect(site.told["DATABASE_URL"]) as holder:
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")  # type: ignore[arg-type]

        def somebody_waits() -> bool:
            return bool(
                ask(
                    site,
                    "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass",
                    table,
                )
            )

        yield lambda: eventually(somebody_waits, what=f"a worker at {table}")
        holder.rollback()


def kill_them_all(site: Installation) -> None:
    for victim in VICTIMS:
        site.kill_and_wait_for_another(victim)


@pytest.fixture
def unharmed(site: Installation) -> Iterator[None]:
    """The site works before a crash test and after it."""
    eventually(site.is_working, what="/readyz")
    yield
    eventually(site.is_working, what="/readyz after the crash")


@pytest.mark.clause("C6")
@pytest.mark.usefixtures("unharmed")
def test_a_signature_survives_a_crash(site: Installation, person: SitsDown) -> None:
    address = "sam.strand@strand.example"
    sam = person()
    sam.joins("Sam Strand", address, "harbour lights 43")
    sam.applies("Strand Consulting", "Norway")
    for director in ("bram.dejong@semi.example", "carla.winter@semi.example"):
        person().signs_in(director).approves("Sam Strand")
    sam.follows(sam.mail("Please sign your sales partner contract", to=address), "/signing/")
    with standing_still_at(site, "partners_contractdocument") as somebody_waits:
        sam.presses("Sign")
        somebody_waits()
        kill_them_all(site)
    sam.mail("Welcome, you are a partner", to=address, within=150).close()

    [(contract,)] = ask(
        site,
        "SELECT c.id FROM partners_contract c JOIN partners_partner p ON p.id = c.partner_id "
        "WHERE p.display_name = 'Sam Strand' AND c.status = 'signed' AND p.started_at = c.signed_at",
    )
    envelopes = ask(site, "SELECT status FROM partners_envelope WHERE contract_id = %s", contract)
    papers = ask(site, "SELECT kind FROM partners_contractdocument WHERE contract_id = %s", contract)
    assert envelopes == [("completed",)]
    assert sorted(papers) == [("certificate",), ("contract",), ("signed",)]
    assert sam.counts_mails("Welcome, you are a partner", to=address) == 1


@pytest.mark.clause("C14")
@pytest.mark.usefixtures("unharmed")
def test_the_question_after_a_meeting_survives_a_crash(site: Installation, person: SitsDown) -> None:
    karl = person().signs_in("karl@jensen.example")
    today = karl.reads_the_clock()
    karl.registers("Nils", "Berg", "nils.berg@bergverk.example", "Bergverk", "Drill-log search")
    karl.proposes(on=today + timedelta(days=1), host="Priya Nair", use_case="Drill-log search")
    person().signs_in("priya.nair@semi.example").takes_a_time("Nils Berg")
    karl.mail("Introduction of Bergverk", to="nils.berg@bergverk.example").close()
    with standing_still_at(site, "referrals_confirmation") as somebody_waits:
        karl.moves_the_clock(today + timedelta(days=1), "18:00")
        somebody_waits()
        kill_them_all(site)
    for address in ("priya.nair@semi.example", "karl@jensen.example"):
        karl.mail(QUESTION, to=address, within=150).close()

    asked = ask(
        site,
        "SELECT c.asked FROM referrals_confirmation c "
        "JOIN referrals_introduction i ON i.id = c.introduction_id "
        "JOIN referrals_referral r ON r.id = i.referral_id "
        "WHERE r.email = 'nils.berg@bergverk.example' ORDER BY c.asked",
    )
    assert asked == [("host",), ("partner",)]
    for address in ("priya.nair@semi.example", "karl@jensen.example"):
        assert karl.counts_mails(QUESTION, to=address) == 1


@pytest.mark.clause("C5")
@pytest.mark.usefixtures("unharmed")
def test_a_commission_survives_a_crash(site: Installation, person: SitsDown, tmp_path: Path) -> None:
    sofie, femke = person().signs_in("sofie.dewit@semi.example"), person()
    today = sofie.reads_the_clock()
    sofie.opens("/desk/deals/").presses("Spare-part lookup")
    sofie.page.get_by_label("Customer reference").fill("LAGER-NORD")
    sofie.presses("Save the deal")
    window = sofie.page.get_by_role("region", name="The window").locator("time").first
    signed = min(date.fromisoformat(str(window.get_attribute("datetime"))), today)
    sofie.page.get_by_label("Signed by the customer on").fill(signed.isoformat())
    sofie.presses("Mark as won").sees("Won in time")
    file = tmp_path / "lager.csv"
    file.write_text(
        "kind,reference,invoice,customer,customer_reference,date,currency,net,gross,description,recurring,"
        "service_from,service_to\n"
        f"invoice,LN-1,,Lager Nord,LAGER-NORD,{today},EUR,3000.00,3630.00,Search,yes,{today},"
        f"{today + timedelta(days=29)}\npayment,LP-1,LN-1,,,{today},EUR,,3630.00,,,,\n"
    )
    femke.signs_in("femke.bakker@semi.example").opens("/desk/invoices/")
    femke.page.locator("input[type=file]").set_input_files(file)
    femke.presses("Check the file")
    with standing_still_at(site, "commissions_commission") as somebody_waits:
        femke.presses(re.compile("^Import 2 new rows"))
        somebody_waits()
        kill_them_all(site)
    expect(femke.page.get_by_role("heading", level=1)).to_be_visible()
    written = (
        "SELECT e.amount FROM commissions_commission e JOIN commissions_invoice i ON i.id = e.invoice_id "
        "WHERE i.reference = 'LN-1'"
    )
    eventually(lambda: ask(site, written), what="the entry", within=150)
    assert [str(amount) for (amount,) in ask(site, written)] == ["300.000"]

"""The main job, end to end, clicking what a person clicks: from the invitation to the statement.

Real Chromium, PostgreSQL, Redis, Celery worker and beat, SMTP and the DocuSign stand-in over HTTP; nothing
calls into Python in between. Its pictures are those of the README.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.functional.people import SCREENSHOTS, Person

MARA = "mara.lind@lind.example"
PASSWORD = "harbour lights 42"
KATALIN = "katalin.szabo@corvinashipping.example"
KNOWN = "m.ortega@corvinashipping.example"
USE_CASE = "Answers from shipping documents"
REFERENCE = "CORVINA-2026"

SitsDown = Callable[..., Person]


@pytest.mark.timeout(900)  # a hundred pages, each looked at in four ways
def test_a_partnership_that_pays(person: SitsDown, tmp_path: Path) -> None:
    mara, ines, tom, femke, noah = (person() for _ in range(5))

    applies_by_invitation(ines, mara)
    directors_approve(person)
    signs(mara)
    sales_imports_known_contacts(tom, tmp_path)
    registers(mara)
    today = proposes_a_meeting(mara, tom)
    host_confirms(mara, tom, today)
    last_day = window_is_shown(mara, today)
    deal_is_won(tom, today, last_day)
    customer_pays(femke, tmp_path, today)
    partner_sees_the_euros(mara, ines)
    says_where_the_money_goes(mara)
    is_paid_out(mara, femke, noah)


# --- 1 ---------------------------------------------------------------------------
def applies_by_invitation(ines: Person, mara: Person) -> None:
    ines.signs_in("ines@marchetti.example").photographs("home", folder=SCREENSHOTS)
    ines.opens("/recruits/").fills_in("Their e-mail address", MARA).presses("Send the invitation")
    mara.opens("/").photographs("programme", folder=SCREENSHOTS)
    mara.follows(mara.mail("invites you", to=MARA), "/join/").photographs("join")
    mara.presses("Accept and apply")
    mara.joins("Mara Lind", MARA, PASSWORD).applies("Lind Maritime Advisory AB", "Sweden")
    mara.photographs("application")


# --- 2 ---------------------------------------------------------------------------
def directors_approve(person: SitsDown) -> None:
    for director, said in (
        ("bram.dejong@semi.example", "It now waits for a second director"),
        ("carla.winter@semi.example", "Both approvals are there"),
    ):
        person().signs_in(director).approves("Mara Lind").sees(said)


# --- 3 ---------------------------------------------------------------------------
def signs(mara: Person) -> None:
    mara.follows(mara.mail("Please sign your sales partner contract", to=MARA), "/signing/")
    mara.photographs("signing").presses("Sign")
    mara.mail("Welcome, you are a partner", to=MARA).close()
    mara.opens("/application/").photographs("partner")
    expect(mara.page.get_by_role("link", name="Signed contract (PDF)")).to_be_visible()
    expect(mara.page.get_by_role("link", name="Certificate of completion (PDF)")).to_be_visible()
    mara.opens("/home/").sees("Nobody introduced yet").photographs("home-empty")


# --- 4 ---------------------------------------------------------------------------
def sales_imports_known_contacts(tom: Person, folder: Path) -> None:
    crm = folder / "crm.csv"
    crm.write_text(
        f"First Name,Last Name,Company,Email\nMiguel,Ortega,Corvina Shipping,{KNOWN}\n", encoding="utf-8-sig"
    )
    tom.signs_in("tom.brandt@semi.example").photographs("dashboard", folder=SCREENSHOTS)
    tom.opens("/desk/contacts/")
    tom.page.locator("input[type=file]").set_input_files(crm)
    tom.presses("Check the file")
    tom.photographs("contacts").sees("Miguel Ortega")
    tom.presses("Import 1 contact")
    expect(tom.page.locator("#state")).to_contain_text("1 new", timeout=20_000)  # the worker, and htmx looks


def registers(mara: Person) -> None:
    mara.registers("Miguel", "Ortega", KNOWN, "Corvina Shipping", USE_CASE)
    mara.sees("We can’t take this introduction").photographs("register-refused", folder=SCREENSHOTS)
    mara.registers("Katalin", "Szabó", KATALIN, "Corvina Shipping", USE_CASE)
    expect(mara.page.get_by_role("heading", level=1)).to_have_text("Katalin Szabó")
    notice = mara.mail("Mara Lind", to=KATALIN)
    expect(notice.locator("[data-mail-text]")).to_contain_text("/objections/")
    notice.close()


# --- 5 ---------------------------------------------------------------------------
def proposes_a_meeting(mara: Person, tom: Person) -> date:
    today = mara.reads_the_clock()
    mara.proposes(on=today + timedelta(days=2), host="Tom Brandt", use_case=USE_CASE)
    tom.takes_a_time("Katalin Szabó")
    for address in (KATALIN, MARA, "tom.brandt@semi.example"):
        invitation = mara.mail("Introduction of Corvina Shipping", to=address)
        expect(invitation.get_by_role("link", name="invitation.ics")).to_be_visible()
        invitation.close()
    return today


# --- 6 ---------------------------------------------------------------------------
def host_confirms(mara: Person, tom: Person, today: date) -> None:
    mara.moves_the_clock(today + timedelta(days=2), "16:00")
    question = tom.mail("What type of referral was Katalin Szabó", to="tom.brandt@semi.example")
    tom.follows(question, "/confirmations/").sees("Opening this page changed nothing")
    page = tom.page
    page.get_by_label("Warm", exact=False).first.check()
    page.get_by_label("Video conference").check()
    page.get_by_label(USE_CASE).check()
    tom.photographs("confirm", folder=SCREENSHOTS).presses("Confirm this answer")
    tom.photographs("confirmed")


def window_is_shown(mara: Person, today: date) -> date:
    mara.opens("/referrals/")
    mara.presses("Katalin Szabó")
    last_day = mara.page.locator("time[datetime]").filter(has_text=re.compile(r"\d{4}"))
    mara.sees("Warm, yours").sees("Last day to sign").photographs("referral", folder=SCREENSHOTS)
    days = [date.fromisoformat(str(each.get_attribute("datetime"))[:10]) for each in last_day.all()]
    return max(days)


# --- 7 ---------------------------------------------------------------------------
def deal_is_won(tom: Person, today: date, last_day: date) -> None:
    signed = today + timedelta(days=9)
    tom.moves_the_clock(signed + timedelta(days=1), "09:00")
    tom.opens("/desk/deals/").presses(USE_CASE)
    page = tom.page
    page.get_by_label("Customer reference").fill(REFERENCE)
    tom.presses("Save the deal")
    page.get_by_label("Signed by the customer on").fill(signed.isoformat())
    tom.photographs("deal", folder=SCREENSHOTS).presses("Mark as won")
    tom.sees("Won in time").photographs("deal-won")
    assert signed < last_day


def customer_pays(femke: Person, folder: Path, today: date) -> None:
    """An invoice of 12,000.00 net and its payment come in from a CSV: twice, which changes nothing."""
    billed, paid = today + timedelta(days=10), today + timedelta(days=12)
    until = billed.replace(year=billed.year + 1) - timedelta(days=1)
    ledger = folder / "invoices.csv"
    ledger.write_text(
        "kind;reference;invoice;customer;customer_reference;date;currency;net;gross;description;recurring;"
        "service_from;service_to\n"
        f"invoice;SI-9001;;Corvina Shipping;{REFERENCE};{billed};EUR;12000,00;14520,00;Search, yearly;yes;"
        f"{billed};{until}\n"
        f"payment;P-9001;SI-9001;;;{paid};EUR;;14520,00;;;;\n",
        encoding="utf-16",
    )
    femke.moves_the_clock(paid + timedelta(days=1), "09:00").signs_in("femke.bakker@semi.example")
    femke.opens("/desk/invoices/").photographs("invoices", folder=SCREENSHOTS)
    for again in (False, True):
        femke.opens("/desk/invoices/")
        femke.page.locator("input[type=file]").set_input_files(ledger)
        femke.presses("Check the file").photographs("import-again" if again else "import")
        if again:
            femke.sees("Already there")
        else:
            femke.presses(re.compile("^Import 2 new rows")).photographs("imported")


def partner_sees_the_euros(mara: Person, ines: Person) -> None:
    mara.waits_for("/earnings/", "€1,200.00").presses(re.compile("^Explain"))
    mara.sees("× 10%").sees("Commission, rounded once").photographs("earnings-explained")
    ines.waits_for("/earnings/", "Bonus on a commission of €1,200.00")
    ines.sees("€120.00").presses(re.compile("^Explain"))
    ines.photographs("earnings", folder=SCREENSHOTS)


def says_where_the_money_goes(mara: Person) -> None:
    mara.opens("/earnings/account/").presses("Enter the account")
    mara.fills_in("Password", PASSWORD).presses("Go on")
    mara.page.locator("[name=iban]").fill("SE45 5000 0000 0583 9825 7466")
    mara.photographs("bank-account-form").presses("Save the account")
    mara.sees("Payouts go to SE** **** 7466").photographs("bank-account")
    mara.mail("Your payouts go to SE** **** 7466", to=MARA).close()


def is_paid_out(mara: Person, femke: Person, noah: Person) -> None:
    payable = femke.reads_the_clock() + timedelta(days=31)
    femke.moves_the_clock(payable, "10:00")
    femke.opens("/desk/payouts/").sees("The tax status isn’t confirmed")
    femke.presses(re.compile("^Confirm the tax status of Mara Lind")).sees("Sweden")
    femke.page.get_by_label("Reverse charge", exact=False).first.check()
    femke.fills_in("VAT or tax number", "SE556677889901")
    femke.fills_in("VAT in percent", "0").fills_in("Address on the statement", "Storgatan 1\nUmeå")
    femke.photographs("tax-status").presses("Confirm the tax status")
    femke.sees("The tax status of Mara Lind is confirmed").photographs("payouts", folder=SCREENSHOTS)
    femke.presses("Prepare the EUR payout").photographs("payout-prepared")
    expect(femke.page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    run = femke.page.url
    noah.signs_in("noah.visser@semi.example").opens(run).photographs("payout-run", folder=SCREENSHOTS)
    noah.presses(re.compile("^Approve")).photographs("payout-approved")
    femke.opens(run).sees("payouts go by SEPA transfer")
    mine = femke.page.get_by_role("region", name=re.compile("Mara Lind"))
    femke.presses(re.compile("^Record the transfer"), within=mine)
    femke.presses("Mark as paid")
    mara.waits_for("/earnings/", "Paid").presses("Statements")
    mara.photographs("statements")
    mara.page.get_by_role("link", name=re.compile(r"^\d{4}-\d{4}")).first.click()
    mara.sees("€1,200.00").sees("Femke Bakker").sees("Noah Visser")
    mara.photographs("statement", folder=SCREENSHOTS)

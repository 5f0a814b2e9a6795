"""The main job, end to end, clicking what a person clicks: from the invitation to the statement.

Real Chromium, PostgreSQL, Redis, Celery worker and beat, SMTP and the DocuSign stand-in over HTTP; nothing
calls into Python in between. Its pictures are those of the README.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.functional.people import SCREENSHOTS, Person

MARA = "mara.lind@lind.example"
PASSWORD = "harbour lights 42"
KATALIN = "katalin.szabo@corvinashipping.example"
KNOWN = "m.ortega@corvinashipping.example"
USE_CASE = "Answers from shipping documents"
REFERENCE = "CORVINA-2026"

SitsDown = Callable[..., Person]


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
    is_paid_out(mara, femke, noah)


# --- 1 ---------------------------------------------------------------------------
def applies_by_invitation(ines: Person, mara: Person) -> None:
    ines.signs_in("ines@marchetti.example").photographs("home", folder=SCREENSHOTS)
    ines.opens("/recruits/").fills_in("Their e-mail address", MARA).presses("Send the invitation")
    mara.opens("/").photographs("programme", folder=SCREENSHOTS)
    mara.follows(mara.mail("invites you", to=MARA), "/join/").photographs("join")
    mara.presses("Accept and apply")
    mara.fills_in("Your name", "Mara Lind").fills_in(re.compile(r"^\s*E-?mail"), MARA)
    mara.fills_in("Password", PASSWORD).presses("Make my account")
    mara.follows(mara.mail("Confirm your e-mail", to=MARA), "/accounts/confirm-email/")
    mara.presses("Confirm this address")
    page = mara.page
    page.get_by_label("Legal name").fill("Lind Maritime Advisory AB")
    page.get_by_label("Country").select_option(label="Sweden")
    page.get_by_label("How do you know the field?").fill("Fifteen years of port calls and cargo papers.")
    page.get_by_label("Whom or which industries can you open?").fill("Shipping lines around the Baltic.")
    page.get_by_label("I accept these numbers for my contract").check()
    mara.photographs("apply", folder=SCREENSHOTS).presses("Send my application")
    expect(page).to_have_url(re.compile("/application/"))
    mara.photographs("application")


# --- 2 ---------------------------------------------------------------------------
def directors_approve(person: SitsDown) -> None:
    for director, said in (
        ("bram.dejong@semi.example", "It now waits for a second director"),
        ("carla.winter@semi.example", "Both approvals are there"),
    ):
        somebody = person()
        somebody.signs_in(director).opens("/admin/partners/contract/")
        row = somebody.page.get_by_role("row").filter(has_text="Mara Lind")
        somebody.presses(re.compile("^Review SSP"), within=row.first)
        somebody.photographs("review", folder=SCREENSHOTS)
        somebody.presses(re.compile("^Approve version")).sees(said)


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
    tom.presses(re.compile("^(Check|Import)"))
    tom.photographs("contacts").sees("1 new")


def fills_in_a_person(mara: Person, first: str, last: str, email: str) -> None:
    mara.opens("/referrals/new/")
    page = mara.page
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_label("Work e-mail").fill(email)
    page.get_by_label("Company").fill("Corvina Shipping")
    page.get_by_label("Role").fill("Head of Operations IT")
    page.get_by_label("How do you know each other?").fill("We planned port calls together in 2024.")
    page.get_by_label("This person agreed").check()
    mara.photographs("register", folder=SCREENSHOTS).presses("Continue to the use case")
    page.get_by_label("Title").fill(USE_CASE)
    page.get_by_label("The problem").fill("Clerks read 200 pages to answer one question.")
    page.get_by_label("The data").fill("Bills of lading, port rules, contracts.")
    page.get_by_label("Who feels it").fill("The operations desk")
    page.get_by_label("The expected value").fill("Two hours a day for each clerk")
    mara.photographs("use-case").presses("Check and send")
    mara.photographs("check").presses(f"Register {first}")


def registers(mara: Person) -> None:
    fills_in_a_person(mara, "Miguel", "Ortega", KNOWN)
    mara.sees("We can’t take this introduction").photographs("register-refused", folder=SCREENSHOTS)
    fills_in_a_person(mara, "Katalin", "Szabó", KATALIN)
    expect(mara.page.get_by_role("heading", level=1)).to_have_text("Katalin Szabó")
    notice = mara.mail("Mara Lind", to=KATALIN)
    expect(notice.locator("[data-mail-text]")).to_contain_text("/objections/")
    notice.close()


# --- 5 ---------------------------------------------------------------------------
def proposes_a_meeting(mara: Person, tom: Person) -> date:
    today = mara.reads_the_clock()
    page = mara.page
    mara.presses(re.compile("^Propose a meeting"))
    page.get_by_label("Host at SeMI").select_option(label="Tom Brandt")
    page.get_by_label("Date").fill((today + timedelta(days=2)).isoformat())
    page.get_by_label("Starts at").fill("15:00")
    page.get_by_label("Video conference").check()
    page.get_by_label("Video link or address").fill("https://meet.semi.example/katalin")
    page.get_by_label(USE_CASE).check()
    mara.photographs("propose", folder=SCREENSHOTS)
    page.get_by_role("main").get_by_role("button").first.click()
    for address in (KATALIN, MARA, "tom.brandt@semi.example"):
        invitation = mara.mail("Introduction of Corvina Shipping", to=address)
        expect(invitation.get_by_role("link", name="invitation.ics")).to_be_visible()
        invitation.close()
    return today


# --- 6 ---------------------------------------------------------------------------
def host_confirms(mara: Person, tom: Person, today: date) -> None:
    mara.moves_the_clock(today + timedelta(days=2), "16:00")
    question = tom.mail(re.compile("Katalin Szabó"), to="tom.brandt@semi.example")
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
    ines.sees("€120.00").photographs("earnings", folder=SCREENSHOTS)


def is_paid_out(mara: Person, femke: Person, noah: Person) -> None:
    payable = femke.reads_the_clock() + timedelta(days=31)
    femke.moves_the_clock(payable, "10:00")
    femke.opens("/desk/payouts/").sees("Mara Lind").photographs("payouts", folder=SCREENSHOTS)
    femke.presses("Prepare the EUR payout").photographs("payout-prepared")
    expect(femke.page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    run = femke.page.url
    noah.signs_in("noah.visser@semi.example").opens(run).photographs("payout-run", folder=SCREENSHOTS)
    noah.presses(re.compile("^Approve")).photographs("payout-approved")
    femke.opens(run)
    mine = femke.page.get_by_role("region", name=re.compile("Mara Lind"))
    femke.presses(re.compile("^Record the transfer"), within=mine)
    femke.presses("Mark as paid")
    mara.waits_for("/earnings/", "Paid").presses("Statements")
    mara.photographs("statements")
    mara.page.get_by_role("link", name=re.compile(r"^\d{4}-\d{4}")).first.click()
    mara.sees("€1,200.00").sees("Femke Bakker").sees("Noah Visser")
    mara.photographs("statement", folder=SCREENSHOTS)

"""The clauses about referrals as arithmetic that a partner could check: no Django, no clock, no database."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from referrals import names
from ssp.core.periods import add_months, add_working_days

CLAIM_DAYS = 60  # C12; day 60 counts
WINDOW_MONTHS = 6  # C2
EXTENSION_MONTHS = 3  # C2: at most, once
WINDOW_REMINDERS = (60, 30, 14, 3)  # C2: days before the last day
INTERNAL_REFERRALS = 3  # C3
ANSWER_NAME_WITHIN = 2  # C10: working days
ACCEPT_NAME_AFTER = 5
REMIND_AFTER = (2, 5)  # C14: working days
ESCALATE_AFTER = 6
PARTNER_DECIDES_AFTER = 15
CONTEST_WITHIN = 10
KEPT_MONTHS = 12  # *People's data*: after the last activity about somebody of whom nothing came
PROPOSED_TIMES = 3  # C12: at most, in one proposal
ADD_AFTER_WAIT = 5  # C12: working days, after a wait for SeMI
REMIND_PROPOSAL_AFTER = (1, 2)  # working days
ESCALATE_PROPOSAL_AFTER = 3
CLAIM_REMINDERS = (14, 3)  # C12: days before a claim's last day
APPEAL_WITHIN = 10  # C12: working days
APPEAL_ANSWERED_AFTER = 5
REFUSALS_A_DAY = 10  # C12: nobody asks us whom we know, one address after the other

ROLE_NAMES = frozenset(
    [
        "abuse",
        "accounting",
        "accounts",
        "admin",
        "administration",
        "administrator",
        "all",
        "billing",
        "bookings",
        "bureau",
        "buchhaltung",
        "careers",
        "compliance",
        "contact",
        "contacto",
        "contact-us",
        "customerservice",
        "datenschutz",
        "desk",
        "dpo",
        "einkauf",
        "enquiries",
        "enquiry",
        "everyone",
        "facturen",
        "facturation",
        "finance",
        "general",
        "hallo",
        "hello",
        "help",
        "helpdesk",
        "hi",
        "hostmaster",
        "hr",
        "info",
        "informatie",
        "information",
        "inkoop",
        "inquiries",
        "invoice",
        "invoices",
        "it",
        "jobs",
        "klantenservice",
        "kontakt",
        "legal",
        "mail",
        "mailbox",
        "mailer-daemon",
        "management",
        "marketing",
        "media",
        "news",
        "newsletter",
        "no-reply",
        "noreply",
        "office",
        "operations",
        "orders",
        "personal",
        "post",
        "postmaster",
        "press",
        "privacy",
        "procurement",
        "purchasing",
        "receptie",
        "reception",
        "recruiting",
        "recruitment",
        "sales",
        "secretariaat",
        "secretary",
        "security",
        "service",
        "shop",
        "social",
        "staff",
        "support",
        "team",
        "training",
        "verkauf",
        "verkoop",
        "vertrieb",
        "web",
        "webmaster",
        "welcome",
    ]
)
FREE_MAIL = frozenset(
    [
        "aol.com",
        "bluewin.ch",
        "btinternet.com",
        "comcast.net",
        "cox.net",
        "fastmail.com",
        "free.fr",
        "gmail.com",
        "gmx.at",
        "gmx.ch",
        "gmx.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hey.com",
        "home.nl",
        "hotmail.co.uk",
        "hotmail.com",
        "hotmail.de",
        "hotmail.es",
        "hotmail.fr",
        "hotmail.it",
        "hotmail.nl",
        "icloud.com",
        "kpnmail.nl",
        "laposte.net",
        "libero.it",
        "live.com",
        "live.nl",
        "mac.com",
        "mail.com",
        "mail.ru",
        "mailbox.org",
        "me.com",
        "msn.com",
        "orange.fr",
        "outlook.com",
        "outlook.de",
        "outlook.fr",
        "pm.me",
        "posteo.de",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "rocketmail.com",
        "seznam.cz",
        "sfr.fr",
        "skynet.be",
        "t-online.de",
        "telenet.be",
        "tutanota.com",
        "verizon.net",
        "virgilio.it",
        "wanadoo.fr",
        "web.de",
        "wp.pl",
        "xs4all.nl",
        "yahoo.co.uk",
        "yahoo.com",
        "yahoo.de",
        "yahoo.es",
        "yahoo.fr",
        "yahoo.it",
        "yandex.com",
        "yandex.ru",
        "ymail.com",
        "ziggo.nl",
        "zoho.com",
    ]
)
LEGAL_FORMS = frozenset(
    [
        "ab",
        "ag",
        "as",
        "asa",
        "bv",
        "bvba",
        "co",
        "corp",
        "corporation",
        "company",
        "esq",
        "gmbh",
        "group",
        "holding",
        "inc",
        "kg",
        "limited",
        "llc",
        "lp",
        "ltd",
        "nv",
        "oy",
        "plc",
        "sa",
        "sas",
        "sarl",
        "se",
        "spa",
        "srl",
        "the",
        "und",
        "and",
    ]
)


@dataclass(frozen=True)
class Person:
    """Somebody to introduce, as the form heard it."""

    first_name: str
    last_name: str
    email: str
    company_name: str
    title: str = ""
    relation: str = ""
    agreed: bool = False


@dataclass(frozen=True)
class Colleague:
    """Somebody a referred person passed us on to (C3)."""

    first_name: str
    last_name: str
    email: str
    title: str = ""


@dataclass(frozen=True)
class Answer:
    """What host or partner say about a meeting (C14)."""

    kind: str
    medium: str = ""
    use_case_ids: tuple[int, ...] = ()
    reason: str = ""
    colleagues: tuple[Colleague, ...] = field(default=())


# --- persons and companies -----------------------------------------------------
def domain_of(email: str) -> str:
    """Return the domain of an address, case-folded."""
    return email.strip().casefold().rpartition("@")[2]


def company_domain(email: str) -> str:
    """Return the domain by which a company is recognised, or nothing at a free mail provider."""
    domain = domain_of(email)
    return "" if domain in FREE_MAIL else domain


def is_role_address(email: str) -> bool:
    """Tell whether an address is shared by design: `info@`, `sales.nl@`, `no-reply@` (C11)."""
    local = email.strip().casefold().rpartition("@")[0].split("+", 1)[0]
    parts = [part for part in re.split(r"[._\-\d]+", local) if part]
    return (
        local in ROLE_NAMES
        or re.sub(r"[._\-\d]", "", local) in ROLE_NAMES
        or (
            len(parts) > 1
            and parts[0] in ROLE_NAMES
            and all(len(p) <= 3 or p in ROLE_NAMES for p in parts[1:])
        )
    )


def belongs_to(email: str, domains: tuple[str, ...]) -> bool:
    """Tell whether an address lies at one of `domains` or beneath it."""
    domain = domain_of(email)
    return any(domain == own or domain.endswith(f".{own}") for own in domains)


def name_key(first_name: str, last_name: str) -> str:
    """Return a name as it is stored to be searched, whatever the order; `names.compare` judges."""
    return names.key(first_name, last_name)


def company_key(name: str) -> str:
    """Return a company's name as it is compared: without case, accents and legal form."""
    words = names.fold(re.sub(r"\b([bn])\.\s?v\.?", r"\1v", name.casefold())).split()
    return " ".join([word for word in words if word not in LEGAL_FORMS] or words)


# --- the claim (C12) and its check (C10) ---------------------------------------
def claim_last_on(since: date) -> date:
    """Return the last day, inclusive, of a claim: registration or a not-warm meeting + 60 days (C12)."""
    return since + timedelta(days=CLAIM_DAYS)


def claim_last_on_after_wait(last_on: date, *, proposed_on: date, answered_on: date) -> date:
    """Return a claim's last day once SeMI has answered proposed times: the wait plus 5 working days (C12).

    The wait is counted in calendar days, from the day of the proposal to that of the answer. Answered on the
    same day nobody waited, and nothing is added.
    """
    wait = answered_on - proposed_on
    return add_working_days(last_on + wait, ADD_AFTER_WAIT) if wait.days > 0 else last_on


def claim_last_on_after_taking_back(last_on: date, *, proposed_on: date, taken_back_on: date) -> date:
    """Return a claim's last day when the partner took proposed times back: the wait alone is added.

    Else whoever waited past the last day would lose the person by the press of that button.
    """
    return last_on + (taken_back_on - proposed_on)


def proposal_reminder_due(proposed_on: date, on: date) -> int:
    """Return how many reminders about proposed times are due: after 1 and 2 working days."""
    return sum(add_working_days(proposed_on, days) <= on for days in REMIND_PROPOSAL_AFTER)


def proposal_escalated_on(proposed_on: date) -> date:
    """Return the day on which unanswered times go to the sales leads: the 3rd working day."""
    return add_working_days(proposed_on, ESCALATE_PROPOSAL_AFTER)


def claim_reminder_due(last_on: date, on: date) -> int | None:
    """Return which reminder of 14 and 3 days is due for a claim that ends on `last_on`, if one is (C12)."""
    left = (last_on - on).days
    return min((mark for mark in CLAIM_REMINDERS if 0 <= left <= mark), default=None)


def appeal_until(refused_on: date) -> date:
    """Return the last day, inclusive, on which a partner may appeal against a refusal (C12)."""
    return add_working_days(refused_on, APPEAL_WITHIN)


def appeal_answered_on(appealed_on: date) -> date:
    """Return the day on which a neutral answer to an appeal goes out, however early it was decided (C12).

    Else the time that a decision takes would tell its cause.
    """
    return add_working_days(appealed_on, APPEAL_ANSWERED_AFTER)


@dataclass(frozen=True)
class Running:
    """What still runs about a person when their partner has given notice and left (C12)."""

    windows: tuple[date, ...] = ()  # last days of the windows in which a deal may still be signed
    awaits_answer: bool = False  # a meeting begun before the end, or a contested answer about one
    contest_until: date | None = None  # until when the answer about such a meeting may be contested


def claim_last_on_after_notice(last_on: date, running: Running) -> date | None:
    """Return the last day, inclusive, of a claim whose partner left by notice (C12); None while it is open.

    With the last open window; without one on the partnership's own last day, but not before a meeting that
    was held until then has its answer, and the partner had their time to contest it.
    """
    if running.awaits_answer:
        return None
    return max([last_on, *running.windows, *filter(None, [running.contest_until])])


def name_answer_by(registered_on: date) -> date:
    """Return by when sales answers a similar name: 2 working days (C10)."""
    return add_working_days(registered_on, ANSWER_NAME_WITHIN)


def name_accepted_on(registered_on: date) -> date:
    """Return the day on which an unanswered name is accepted: after 5 working days (C10)."""
    return add_working_days(registered_on, ACCEPT_NAME_AFTER) + timedelta(days=1)


# --- people's data -------------------------------------------------------------
def forgotten_on(last_activity_on: date) -> date:
    """Return the day on which a person of whom nothing came is anonymised: 12 calendar months later."""
    return add_months(last_activity_on, KEPT_MONTHS)


# --- the window (C2) -----------------------------------------------------------
def window_ends_on(introduced_on: date, *, extended_months: int = 0) -> date:
    """Return the last day, inclusive, on which a deal may be signed (C2).

    Calendar months: 31 August + 6 months is the last day of February. An extension counts from that end.
    """
    return add_months(add_months(introduced_on, WINDOW_MONTHS), extended_months)


def reminder_due(last_on: date, on: date) -> int | None:
    """Return which reminder of 60, 30, 14 and 3 days is due for a window that ends on `last_on`, if one is.

    One at a time: whoever looks late (or moved the clock) reminds of the nearest mark alone.
    """
    left = (last_on - on).days
    return min((mark for mark in WINDOW_REMINDERS if 0 <= left <= mark), default=None)


# --- the confirmation (C14) ----------------------------------------------------
def reminder_days(asked_on: date) -> tuple[date, date]:
    """Return the days of the two reminders: 2 and 5 working days after the question."""
    return add_working_days(asked_on, REMIND_AFTER[0]), add_working_days(asked_on, REMIND_AFTER[1])


def escalated_on(asked_on: date) -> date:
    """Return the day the question goes to the sales leads: the 6th working day."""
    return add_working_days(asked_on, ESCALATE_AFTER)


def partner_decides_on(asked_on: date) -> date:
    """Return the day from which the partner's own answer stands: after 15 working days."""
    return add_working_days(asked_on, PARTNER_DECIDES_AFTER) + timedelta(days=1)


def contest_until(answered_on: date) -> date:
    """Return the last day, inclusive, on which the partner may contest an answer."""
    return add_working_days(answered_on, CONTEST_WITHIN)

"""What became of each introduction: a life that the programme allows, from its registration to its deal."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from bench.moment import NOW, TODAY
from bench.partnerships import SELLERS
from bench.people import FOUR, MANY, Firm, address, firm, somebody
from referrals import rules
from ssp.core.periods import at_local, local_date, start_of_day

DAYS = 1000  # how far back people were registered
INTERNAL = 0.15  # the share of internal referrals
MEDIA = ("video", "video", "video", "in_person")
STAGES = ("discovery", "discovery", "proposal", "negotiating", "contract_out")
NEEDS = ("Search in manuals", "Support answers", "Product catalogue", "Contract archive", "Research notes")


@dataclass
class Meeting:
    starts_at: datetime
    host: int
    medium: str
    status: str
    answer: str = ""  # the host's, which decides

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=45)

    @property
    def is_asked(self) -> bool:
        return self.ends_at <= NOW


@dataclass
class Sale:
    stage: str
    signed_on: date | None = None


@dataclass
class Need:
    title: str
    defined_at: datetime
    outcome: str = ""
    starts_on: date | None = None
    extended_months: int = 0
    sale: Sale | None = None

    @property
    def ends_on(self) -> date | None:
        if self.starts_on is None:
            return None
        return rules.window_ends_on(self.starts_on, extended_months=self.extended_months)


@dataclass
class Life:
    """One referral; with a `root`, an internal one."""

    number: int
    partner: int
    firm: Firm
    first: str
    last: str
    email: str
    registered_at: datetime
    status: str = "registered"
    claim_last_on: date | None = None
    ended_at: datetime | None = None
    vested_at: datetime | None = None
    seller: int | None = None
    meeting: Meeting | None = None
    needs: list[Need] = field(default_factory=list)
    root: int | None = None
    slot: int | None = None

    @property
    def registered_on(self) -> date:
        return local_date(self.registered_at)


def lives(count: int, partners: range) -> Iterator[Life]:
    """Yield `count` lives: first the people whom partners introduced, then whom these passed us on to."""
    roots = round(count * (1 - INTERNAL))
    hosts: list[Life] = []
    for number in range(1, roots + 1):
        life = _root(number, count, partners)
        if life.vested_at:
            hosts.append(life)
        yield life
    number = roots
    for slot in (1, 2, 3):
        for host in hosts:
            if number == count:
                return
            number += 1
            yield _internal(number, host, slot)


def _new(number: int, random: Random, count: int, partner: int, registered_at: datetime) -> Life:
    where = firm(_firm_number(number, random, count))
    first, last = somebody(random)
    life = Life(
        number=number,
        partner=partner,
        firm=where,
        first=first,
        last=last,
        email=address(first, last, f"r{number}", where),
        registered_at=registered_at,
    )
    life.claim_last_on = rules.claim_last_on(life.registered_on)
    return life


def _firm_number(number: int, random: Random, count: int) -> int:
    if number in (1, 2):
        return FOUR
    if random.random() < 0.02:
        return MANY
    return random.randrange(2, max(10, round(count * 0.3)))


def _root(number: int, count: int, partners: range) -> Life:
    random = Random(f"root {number}")
    age = timedelta(days=DAYS * random.random()) if number > 2 else timedelta(days=4)
    life = _new(number, random, count, random.choice(partners), NOW - age - timedelta(minutes=1))
    defined = life.registered_at
    life.needs = [Need(random.choice(NEEDS), defined) for _ in range(random.choices((0, 1, 2), (1, 7, 2))[0])]
    fate = random.choices(
        (_declined, _withdrawn, _nobody_met, _not_warm, _reseller, _warm), (4, 6, 35, 10, 3, 42)
    )[0]
    fate(life, random)
    is_kept = life.ended_at is not None or (life.meeting is not None and life.meeting.status == "booked")
    if not is_kept and life.claim_last_on and life.claim_last_on < TODAY:
        life.status, life.ended_at = "lapsed", _end_of(life.claim_last_on)
    return life


def _end_of(day: date) -> datetime:
    return start_of_day(day + timedelta(days=1)) - timedelta(seconds=1)


def _declined(life: Life, random: Random) -> None:
    answered = life.registered_at + timedelta(days=1)
    if answered < NOW:
        life.status, life.ended_at = "declined", answered
    else:
        life.status = "checking"


def _withdrawn(life: Life, random: Random) -> None:
    given_up = life.registered_at + timedelta(days=random.uniform(1, 50))
    if given_up < NOW:
        life.status, life.ended_at = "withdrawn", given_up


def _nobody_met(life: Life, random: Random) -> None:
    if (TODAY - life.registered_on).days < 60 and random.random() < 0.3:
        _meets(life, random, after=TODAY - life.registered_on + timedelta(days=random.randrange(1, 10)))


def _not_warm(life: Life, random: Random) -> None:
    if _meets(life, random):
        assert life.meeting and life.claim_last_on
        life.meeting.answer, life.status = "not_warm", "not_warm"
        life.claim_last_on = rules.claim_last_on(local_date(life.meeting.starts_at))


def _reseller(life: Life, random: Random) -> None:
    if _meets(life, random):
        assert life.meeting
        life.meeting.answer, life.status, life.claim_last_on = "reseller", "reseller", None
        for need in life.needs:
            need.outcome = "reseller"


def _warm(life: Life, random: Random) -> None:
    if not life.needs:
        life.needs.append(Need(random.choice(NEEDS), life.registered_at))
    if not _meets(life, random):
        return
    assert life.meeting
    life.meeting.answer, life.status, life.claim_last_on = "warm", "warm", None
    life.vested_at = life.meeting.ends_at
    need = life.needs[0]
    need.starts_on = local_date(life.meeting.starts_at)
    if random.random() < 0.03:
        need.extended_months = random.choice((1, 2, 3))
    need.sale = _sale(need, random)


def _sale(need: Need, random: Random) -> Sale:
    assert need.starts_on and need.ends_on
    is_over = need.ends_on < TODAY
    end = random.choices(("won", "lost", "open"), (45, 35, 20) if is_over else (15, 10, 75))[0]
    if end == "lost":
        return Sale("lost")
    if end == "open":
        return Sale(random.choice(STAGES))
    last = min(need.ends_on + timedelta(days=20), TODAY)
    days = (last - need.starts_on).days
    return Sale("won", need.starts_on + timedelta(days=random.randrange(days + 1)))


def _meets(life: Life, random: Random, after: timedelta | None = None) -> bool:
    """Let them meet; tell whether the host has answered since. A meeting to come is merely booked."""
    days = after.days if after is not None else random.randrange(2, 50)
    on = life.registered_on + timedelta(days=days)
    starts_at = at_local(on, time(random.randrange(9, 17), random.choice((0, 30))))
    life.seller = random.choice(SELLERS)
    is_answered = starts_at + timedelta(hours=1) < NOW - timedelta(days=4)
    life.meeting = Meeting(starts_at, life.seller, random.choice(MEDIA), "held" if is_answered else "booked")
    return is_answered


def _internal(number: int, host: Life, slot: int) -> Life:
    random = Random(f"internal {number}")
    assert host.vested_at
    first, last = somebody(random)
    life = Life(
        number=number,
        partner=host.partner,
        firm=host.firm,
        first=first,
        last=last,
        email=address(first, last, f"r{number}", host.firm),
        registered_at=host.vested_at,
        seller=host.seller,
        root=host.number,
        slot=slot,
    )
    life.claim_last_on = rules.claim_last_on(life.registered_on)
    if life.claim_last_on < TODAY:
        life.status, life.ended_at = "lapsed", _end_of(life.claim_last_on)
    return life

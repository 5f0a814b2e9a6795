"""The frame of a history: its cast, how a step is made, how time passes, what holds after each."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from commissions.invariants import INVARIANTS as OF_COMMISSIONS
from partners.invariants import INVARIANTS as OF_PARTNERS
from partners.models import Partner
from partners.services import endings
from referrals.invariants import INVARIANTS as OF_REFERRALS
from referrals.models import (
    Referral,
    UseCase,
)
from referrals.services import (
    appeals,
    claims,
    confirmations,
    contacts,
    deadlines,
    forgetting,
    leaving,
    proposals,
)
from ssp.core import clock, invariants, outbox
from ssp.core.errors import DomainError
from ssp.core.models import OutboxMessage, User
from ssp.core.periods import add_months, at_local, local_date
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.factories.referrals import LONG_AGO, active_partner, director, sales_lead, seller
from tests.moments import MONDAY

EVERY_INVARIANT = [*OF_PARTNERS, *OF_REFERRALS, *OF_COMMISSIONS]
# What the outbox owes to the programme itself; mails are told elsewhere, and take longer than all the rest.
CARRIED_OUT = (
    "partners.partnership_ended",
    "referrals.contacts_batch",
    "referrals.deal_won",
    "referrals.use_case_changed",
)
ACME, OSTRAVA = "Acme B.V.", "Ostrava Rail"
# Few people, so that they meet: two spellings of one address, names alike, a role address, a free provider.
PEOPLE = [
    ("Jane", "Doe", "jane@acme.example", ACME),
    ("Janet", "Doe", "j.doe@acme.example", ACME),
    ("Jane", "Doe", "Jane+new@acme.example", ACME),
    ("Bob", "Novak", "bob@ostrava.example", OSTRAVA),
    ("Robert", "Novák", "r.novak@ostrava.example", OSTRAVA),
    ("Mila", "Horak", "mila.horak@gmail.com", OSTRAVA),
    ("Mila", "Horak", "milahorak+x@googlemail.com", OSTRAVA),
    ("", "", "info@acme.example", ACME),
]
COLLEAGUES = [*PEOPLE, *(("Kim", f"Park{n}", f"kim{n}@acme.example", ACME) for n in range(4))]

some = st.integers(0, 11)  # which one of those that are there
yes = st.booleans()
hours = st.integers(0, 23)
media = st.sampled_from(["video", "video", "in_person", "other"])
answers = st.sampled_from(["warm", "warm", "warm", "not_warm", "reseller", "did_not_take_place"])


@dataclass
class Cast:
    """Those who take part. Ines recruited Noor; Sam sells, and is a partner too; Dora is Ines again."""

    partners: list[Partner] = field(default_factory=list)
    desk: list[User] = field(default_factory=list)
    lead: User | None = None
    directors: list[User] = field(default_factory=list)

    @classmethod
    def assembled(cls) -> "Cast":
        ines = active_partner("Ines Marchetti")
        noor = PartnerFactory(
            user=UserFactory(full_name="Noor Haddad"), started_at=LONG_AGO, recruiter=ines, bonus_slot=1
        )
        sam = PartnerFactory(user=seller("Sam Both"), started_at=LONG_AGO)
        lead = sales_lead()
        dora = UserFactory(
            full_name="Dora Again", email=ines.user.email.replace("@", "+b@"), roles=[Role.DIRECTOR]
        )
        return cls(
            [ines, noor, sam], [seller(), lead, sam.user], lead, [director(), director("Eva Smit"), dora]
        )


class History(RuleBasedStateMachine):
    """One history. It begins on a Monday with three partners, and is forgotten at its end."""

    cast = Cast()  # set before the machine is run
    outcomes: Counter[tuple[str, str]] = Counter()  # of every step of every history

    def __init__(self) -> None:
        super().__init__()
        self.at, self.has_changed = MONDAY, True
        self.kept: dict[tuple[str, int], Any] = {}
        clock.install(lambda: self.at)  # what the outbox delivers reads it
        self._forgotten = transaction.atomic()
        self._forgotten.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._forgotten.__exit__(None, None, None)
        clock.install(clock.wall)

    # --- how a step is made -------------------------------------------------------------
    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Do something; a refusal is an answer. The outbox carries out what the step owes.

        Each thing has its own moment: two that happen in the same microsecond have no order.
        """
        self.has_changed = True
        self.at += timedelta(seconds=1)
        try:
            with transaction.atomic():
                yield
        except DomainError as refusal:
            self.outcomes[what, type(refusal).__name__] += 1
        else:
            self.outcomes[what, "done"] += 1
        self.carry_out()

    def carry_out(self) -> None:
        while owed := list(OutboxMessage.objects.open().filter(kind__in=CARRIED_OUT).order_by("pk")):
            for message in owed:
                message.attempts += 1
                outbox.deliver(message)
                message.refresh_from_db()
                assert message.done_at, f"{message.kind}: {message.last_error}"

    def one_of[Row: Model](self, rows: QuerySet[Row], which: int, *, fitting: Q | None = None) -> Row | None:
        """Return one of the rows; mostly a fitting one, where there is one. Without any, nothing happens."""
        found = list(rows.filter(fitting).order_by("pk")) if fitting and which < 9 else []
        found = found or list(rows.order_by("pk"))
        return found[which % len(found)] if found else None

    def partner(self, which: int) -> Partner:
        return Partner.objects.select_related("user").get(
            pk=self.cast.partners[which % len(self.cast.partners)].pk
        )

    def seller(self, which: int) -> User:
        return self.cast.desk[which % len(self.cast.desk)]

    def director(self, which: int) -> User:
        return self.cast.directors[which % len(self.cast.directors)]

    # --- time ----------------------------------------------------------------------------
    @rule(n=st.integers(1, 12), unit=st.sampled_from(["hours", "days", "days", "weeks", "months"]))
    def time_passes(self, n: int, unit: str) -> None:
        """The clock moves on, and the periodic work is done once at its end: nobody ran it meanwhile."""
        if unit == "months":
            moved = at_local(add_months(local_date(self.at), n), self.at.time())
            self.at = moved.astimezone(UTC)
        else:
            self.at += timedelta(**{unit: n})
        self.tick()

    @rule(nights=st.integers(1, 70))
    def nights_pass(self, nights: int) -> None:
        """The periodic work is done every few days, as beat does it every few minutes."""
        until = self.at + timedelta(days=nights)
        while self.at < until:
            self.at = min(self.at + timedelta(days=5), until)
            self.tick()

    def tick(self) -> None:
        """What beat asks for."""
        self.has_changed = True
        endings.end_partnerships(at=self.at)
        self.carry_out()
        confirmations.ask_for_confirmations(at=self.at)
        confirmations.follow_up(at=self.at)
        claims.end_overdue_claims(at=self.at)
        leaving.end_claims_of_left_partners(at=self.at)
        claims.accept_unanswered_names(at=self.at)
        claims.escalate_unanswered_names(at=self.at)
        deadlines.remind_of_deadlines(at=self.at)
        contacts.forget_old_previews(at=self.at)
        proposals.follow_up(at=self.at)
        appeals.tell_answers(at=self.at)
        appeals.escalate_undecided(at=self.at)
        appeals.forget_refusals(at=self.at)
        deadlines.remind_of_claims(at=self.at)
        forgetting.forget_whom_nothing_came_of(at=self.at)
        forgetting.erase_words_of_answers(at=self.at)
        self.carry_out()
        today = local_date(self.at)
        assert not Referral.objects.overdue(on=today).exists(), "a claim outlived its last day"  # C12

    # --- what holds after each step ----------------------------------------------------------
    @invariant()
    def every_invariant_holds(self) -> None:
        if self.has_changed:
            broken = invariants.broken(EVERY_INVARIANT)
            assert not broken, " ".join(map(str, broken))
            self.nothing_is_taken_back()
        self.has_changed = False

    def nothing_is_taken_back(self) -> None:
        """What is settled once stays so.

        The evidence (C10), whose it is, an ended claim (C12), a vested one, where a window starts (C2), that
        the person was told (C11), and that they objected.
        """
        for row in Referral.objects.all():
            self.stays("evidence", row.pk, row.evidence)
            self.stays("registered", row.pk, (row.partner_id, row.company_id, row.root_id, row.identity))
            for name in ("claim_ended_at", "vested_at", "told_at", "objected_at"):
                if (moment := getattr(row, name)) is not None:
                    self.stays(name, row.pk, moment)
        for case in UseCase.objects.exclude(window_starts_on=None):
            self.stays("window", case.pk, (case.window_starts_on, case.model, case.defined_at))
            last_on = self.kept.get(("last day", case.pk), date.min)
            assert case.window_ends_on and case.window_ends_on >= last_on, "a window became shorter"
            self.kept["last day", case.pk] = case.window_ends_on

    def stays(self, what: str, pk: int, value: Any) -> None:
        before = self.kept.setdefault((what, pk), value)
        assert value == before, f"{what} of {pk} was {before} and became {value}"

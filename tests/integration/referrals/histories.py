"""Everything people can do with referrals, in any order and at any time, and what holds after each step.

A machine that Hypothesis drives. Each step goes through a service, as a page or a task would; a refusal is
as good an answer as any. Whatever else is raised is a defect, and so is a row that an invariant finds.
"""

from datetime import UTC, datetime, time, timedelta

from django.db.models import Q, QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from commissions.models import Invoice
from partners.models import CommissionModel, Contract
from partners.services import endings
from referrals import queries
from referrals.models import (
    Appeal,
    Confirmation,
    ContactImport,
    Deal,
    Introduction,
    Proposal,
    Referral,
    Refusal,
    UseCase,
    UseCaseLink,
)
from referrals.rules import Answer, Colleague, Person
from referrals.services import appeals, claims, confirmations, contacts, deals, proposals, registration
from referrals.services.introductions import (
    book_introduction,
    cancel_introduction,
    log_held_introduction,
    reschedule_introduction,
)
from referrals.services.links import link_use_cases, take_back_link
from referrals.services.use_cases import define_use_case, elect_model
from referrals.services.windows import extend_window
from ssp.core.identity import identity_of
from ssp.core.periods import at_local, local_date
from tests.factories.commissions import an_invoice, happens
from tests.factories.partners import ContractFactory, sign
from tests.integration.referrals.history import (
    COLLEAGUES,
    PEOPLE,
    History,
    answers,
    hours,
    media,
    some,
    yes,
)

colleagues = st.integers(len(PEOPLE), len(COLLEAGUES) - 1)  # whom no partner introduces


class Histories(History):
    """What people do: the steps."""

    # --- how it begins ------------------------------------------------------------------
    @initialize(
        met=st.lists(st.tuples(some, answers), min_size=1, max_size=3),
        passed_on=st.lists(colleagues, max_size=4, unique=True),
        again=st.sampled_from([False, False, True]),
    )
    def people_were_met(self, met: list[tuple[int, str]], passed_on: list[int], again: bool) -> None:
        """A history begins where meetings were held and answered: not each has to get there by itself.

        The first of them may have passed us on to so many colleagues, and have been met a second time.
        Somebody else is registered and not met: their claim runs out.
        """
        for who, (which, _answer) in enumerate(met):
            self.register(which, 3 * who % len(PEOPLE), by_seller=False, with_use_case=True)
        self.time_passes(2, "days")
        for number, (_which, answer) in enumerate(met):
            self.log_meeting(number, 0, hours=20, medium="video")
            self.tick()
            self.answer(0, answer, "video", 7, [] if number else passed_on, lead=False)
        if again:
            self.every_invariant_holds()  # and what is settled by now stays so
            self.time_passes(3, "days")
            self.log_meeting(0, 0, hours=20, medium="video")
            self.tick()
            self.answer(0, "warm", "video", 7, [], lead=False)
        self.register(1, 1, by_seller=False, with_use_case=True)

    # --- people -------------------------------------------------------------------------
    @rule(which=some, who=st.integers(0, len(PEOPLE) - 1), by_seller=yes, with_use_case=yes)
    def register(self, which: int, who: int, by_seller: bool, with_use_case: bool) -> None:
        partner = self.partner(which)
        first, last, email, company = PEOPLE[who]
        by = self.seller(which) if by_seller else partner.user
        need = {"title": "Search", "problem": "Nobody finds it.", "data": "", "who_feels_it": ""}
        unattached = UseCase.objects.filter(partner=partner, referral=None)
        with self.trying("register"):
            registration.register_referral(
                partner=partner,
                person=Person(first, last, email, company, agreed=not by_seller),
                use_cases=unattached[:1] if not with_use_case else (),
                new_use_case={**need, "expected_value": ""} if with_use_case else None,
                by=by,
                at=self.at,
            )

    @rule(which=some, about=some, about_nobody=yes)
    def define(self, which: int, about: int, about_nobody: bool) -> None:
        partner = self.partner(which)
        referral = None if about_nobody else self.one_of(Referral.objects.all(), about)
        with self.trying("define"):
            define_use_case(
                partner=partner,
                title="Support",
                problem="Slow answers",
                data="",
                who_feels_it="",
                expected_value="",
                referral=referral,
                by=partner.user,
                at=self.at,
            )

    @rule(who=st.sets(st.integers(0, len(PEOPLE) - 1), min_size=1, max_size=3))
    def import_contacts(self, who: set[int]) -> None:
        rows = "".join("{2},{0},{1},{3}\n".format(*PEOPLE[n]) for n in sorted(who))
        content = f"email,first_name,last_name,company\n{rows}".encode()
        with self.trying("import"):
            record = contacts.upload_contacts(
                content=content, file_name="crm.csv", by=self.seller(0), at=self.at
            )
            shown = contacts.plan_of(record).shown
            contacts.commit_contacts(record=record, shown=shown, by=self.seller(0), at=self.at)

    @rule(which=some)
    def undo_import(self, which: int) -> None:
        if record := self.one_of(ContactImport.objects.all(), which):
            with self.trying("undo an import"):
                contacts.undo_import(record=record, by=self.seller(0), at=self.at)

    @rule(which=some, same_person=yes, by=some)
    def answer_name(self, which: int, same_person: bool, by: int) -> None:
        if referral := self.one_of(Referral.objects.to_check(), which):
            judge = claims.decline_name if same_person else claims.accept_name
            with self.trying("answer a name"):
                judge(referral=referral, by=self.seller(by), at=self.at)

    @rule(which=some, who=st.integers(0, len(PEOPLE) - 1), accept=yes, by=some)
    def appeal(self, which: int, who: int, accept: bool, by: int) -> None:
        """A sales lead decides about an open appeal; where there is none, somebody appeals (C12)."""
        if appeal := self.one_of(Appeal.objects.open().select_related("refusal"), which):
            decide = appeals.accept_appeal if accept else appeals.refuse_appeal
            with self.trying("decide an appeal"):
                decide(appeal=appeal, reason="We looked.", by=self.seller(by), at=self.at)
            return
        refusal = self.one_of(Refusal.objects.select_related("partner__user"), which)
        if refusal is None:
            return
        first, last, email, company = next(
            (each for each in PEOPLE if identity_of(each[2]) == refusal.identity), PEOPLE[who]
        )
        person = None if refusal.referral_id else Person(first, last, email, company, agreed=True)
        with self.trying("appeal"):
            appeals.appeal_refusal(
                refusal=refusal, text="I know them.", person=person, by=refusal.partner.user, at=self.at
            )

    @rule(which=some, agreed=yes)
    def confirm_registration(self, which: int, agreed: bool) -> None:
        rows = Referral.objects.live().filter(partner_confirmed_at=None).select_related("partner__user")
        if referral := self.one_of(rows, which):
            with self.trying("confirm a registration"):
                claims.confirm_registration(
                    referral=referral, agreed=agreed, by=referral.partner.user, at=self.at
                )

    @rule(which=some)
    def withdraw(self, which: int) -> None:
        rows = Referral.objects.select_related("partner__user")
        if referral := self.one_of(rows, which, fitting=Q(claim_ended_at=None, vested_at=None)):
            with self.trying("withdraw"):
                claims.withdraw_referral(referral=referral, by=referral.partner.user, at=self.at)

    @rule(which=some, by_chance=st.integers(0, 3))
    def object_to_contact(self, which: int, by_chance: int) -> None:
        if by_chance == 0 and (referral := self.one_of(Referral.objects.all(), which)):
            with self.trying("object"):
                claims.object_to_contact(referral=referral, at=self.at)

    @rule(which=some, to=some)
    def assign_seller(self, which: int, to: int) -> None:
        if referral := self.one_of(Referral.objects.all(), which):
            with self.trying("assign a seller"):
                registration.assign_seller(
                    referral=referral, seller=self.seller(to), by=self.seller(0), at=self.at
                )

    # --- meetings -----------------------------------------------------------------------
    def hour(self, days: int, hour: int) -> datetime:
        """A wall-clock time in Amsterdam, also one that a change of the clocks skips or repeats."""
        return at_local(local_date(self.at) + timedelta(days=days), time(hour, 30)).astimezone(UTC)

    def needs_of(self, referral: Referral, *, any_of_the_partners: bool = False) -> QuerySet[UseCase]:
        if any_of_the_partners:
            return UseCase.objects.filter(partner=referral.partner)[:2]
        return queries.use_cases_to_discuss(referral)[:2]

    @rule(which=some, host=some, days=st.integers(0, 70), hour=hours, medium=media, by_seller=yes)
    def book_meeting(self, which: int, host: int, days: int, hour: int, medium: str, by_seller: bool) -> None:
        """A seller books at once, or the partner proposes two times."""
        rows = Referral.objects.live().select_related("partner__user")
        met_before = Q(status__in=["registered", "not_warm", "warm"], partner_confirmed_at__isnull=False)
        referral = self.one_of(rows, which, fitting=met_before)
        if referral is None:
            return
        starts_at = self.hour(days, hour)
        ends_at = starts_at + timedelta(minutes=45)
        needs = self.needs_of(referral, any_of_the_partners=which > 8)
        facts = {"referral": referral, "medium": medium, "use_cases": needs, "at": self.at}
        if by_seller:
            with self.trying("book a meeting"):
                book_introduction(
                    host=self.seller(host),
                    starts_at=starts_at,
                    ends_at=ends_at,
                    place="https://meet.example/1",
                    by=self.seller(0),
                    **facts,
                )
            return
        later = timedelta(days=1)
        with self.trying("propose times"):
            proposals.propose_times(
                times=[(starts_at, ends_at), (starts_at + later, ends_at + later)],
                host=None if host > 6 else self.seller(host),
                place="",
                by=referral.partner.user,
                **facts,
            )

    @rule(
        which=some,
        slot=st.integers(0, 1),
        what=st.sampled_from(["take", "take", "others", "take back"]),
        days=st.integers(0, 70),
        by=some,
    )
    def answer_proposal(self, which: int, slot: int, what: str, days: int, by: int) -> None:
        """Whoever is asked takes a time; SeMI answers with another, or the partner takes theirs back."""
        rows = Proposal.objects.open().select_related("referral__partner__user")
        proposal = self.one_of(rows, which)
        if proposal is None:
            return
        partner = proposal.referral.partner.user
        with self.trying(f"{what}: proposed times"):
            if what == "take":
                taker = self.seller(by) if proposal.by_partner else partner
                time_taken = list(proposal.times.order_by("slot"))[:2][-slot]
                proposals.accept_time(
                    proposal=proposal, time=time_taken, place="https://meet.example/2", by=taker, at=self.at
                )
            elif what == "others":
                starts_at = self.hour(days, 10)
                proposals.propose_other_times(
                    proposal=proposal,
                    times=[(starts_at, starts_at + timedelta(minutes=30))],
                    host=self.seller(by),
                    medium="video",
                    place="https://meet.example/3",
                    by=self.seller(by),
                    at=self.at,
                )
            else:
                proposals.take_times_back(proposal=proposal, by=partner, at=self.at)

    @rule(which=some, host=some, hours=st.integers(0, 80), medium=media)
    def log_meeting(self, which: int, host: int, hours: int, medium: str) -> None:
        if referral := self.one_of(Referral.objects.live(), which):
            starts_at = self.at - timedelta(hours=hours)
            with self.trying("log a meeting"):
                log_held_introduction(
                    referral=referral,
                    host=self.seller(host),
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=45),
                    medium=medium,
                    place="",
                    use_cases=self.needs_of(referral),
                    by=self.seller(0),
                    at=self.at,
                )

    @rule(which=some, days=st.integers(0, 70), hour=hours, medium=media, cancel=yes)
    def change_meeting(self, which: int, days: int, hour: int, medium: str, cancel: bool) -> None:
        rows = Introduction.objects.filter(status="booked")
        meeting = self.one_of(rows, which, fitting=Q(starts_at__gt=self.at))
        if meeting is None:
            return
        if cancel:
            with self.trying("cancel a meeting"):
                cancel_introduction(introduction=meeting, by=self.seller(0), at=self.at)
            return
        starts_at = self.hour(days, hour)
        with self.trying("move a meeting"):
            reschedule_introduction(
                introduction=meeting,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=45),
                medium=medium,
                place="",
                by=self.seller(0),
                at=self.at,
            )

    # --- what they say about it ----------------------------------------------------------
    def answer_about(
        self, question: Confirmation, kind: str, medium: str, discussed: int, colleagues: list[int]
    ) -> Answer:
        meeting = question.introduction
        cases = list(confirmations.use_cases_defined_before(meeting))
        return Answer(
            kind=kind,
            medium=medium if kind == "warm" else "",
            use_case_ids=tuple(case.pk for n, case in enumerate(cases) if discussed >> n & 1),
            reason="They said so." if kind == "not_warm" else "",
            colleagues=tuple(Colleague(*COLLEAGUES[n][:3]) for n in colleagues),
        )

    @rule(
        which=some,
        kind=answers,
        medium=media,
        discussed=st.integers(0, 7),
        colleagues=st.lists(st.integers(0, len(COLLEAGUES) - 1), max_size=4, unique=True),
        lead=yes,
    )
    def answer(
        self, which: int, kind: str, medium: str, discussed: int, colleagues: list[int], lead: bool
    ) -> None:
        rows = Confirmation.objects.filter(answered_at=None).select_related(
            "introduction__host", "introduction__referral__partner__user", "introduction__referral__root"
        )
        undecided = Q(introduction__status="booked")
        if question := self.one_of(rows, which, fitting=undecided):
            meeting = question.introduction
            asked = meeting.host if question.asked == "host" else meeting.referral.partner.user
            with self.trying(f"answer as {question.asked}"):
                confirmations.answer_confirmation(
                    confirmation=question,
                    answer=self.answer_about(question, kind, medium, discussed, colleagues),
                    by=self.seller(1) if lead else asked,
                    at=self.at,
                )

    @rule(which=some, kind=answers, medium=media, discussed=st.integers(0, 7), keep=yes)
    def dispute(self, which: int, kind: str, medium: str, discussed: int, keep: bool) -> None:
        """A partner contests an answer, or a lead settles what is contested."""
        open_ones = Q(contested_at__isnull=False, settled_at=None)
        rows = Confirmation.objects.filter(open_ones | Q(decides=True)).select_related(
            "introduction__referral__partner__user", "introduction__referral__root"
        )
        question = self.one_of(rows, which, fitting=open_ones)
        if question is None:
            return
        if question.contested_at is None:
            with self.trying("contest"):
                by = question.introduction.referral.partner.user
                confirmations.contest_answer(confirmation=question, reason="We did.", by=by, at=self.at)
            return
        answer = None if keep else self.answer_about(question, kind, medium, discussed, [])
        with self.trying("settle"):
            confirmations.settle_contest(
                confirmation=question, answer=answer, reason="Both are right.", by=self.seller(1), at=self.at
            )

    # --- use cases and deals -------------------------------------------------------------
    @rule(which=some, model=st.sampled_from(CommissionModel))
    def elect(self, which: int, model: CommissionModel) -> None:
        if case := self.one_of(UseCase.objects.select_related("partner__user"), which):
            with self.trying("elect a model"):
                elect_model(use_case=case, model=model, by=case.partner.user, at=self.at)

    @rule(
        which=some,
        what=st.sampled_from(["move", "win", "win", "lose"]),
        stage=st.sampled_from(["proposal", "contract_out", "won"]),
        days_ago=st.integers(-1, 40),
        by=some,
    )
    def work_on_deal(self, which: int, what: str, stage: str, days_ago: int, by: int) -> None:
        deal = self.one_of(Deal.objects.all(), which, fitting=~Q(stage__in=["won", "lost"]))
        if deal is None:
            return
        with self.trying(f"{what} a deal"):
            if what == "move":
                deals.move_deal(deal=deal, stage=stage, by=self.seller(by), at=self.at)
            elif what == "lose":
                deals.lose_deal(deal=deal, reason="No budget", by=self.seller(by), at=self.at)
            else:
                signed_on = local_date(self.at) - timedelta(days=days_ago)
                deals.win_deal(deal=deal, signed_on=signed_on, by=self.seller(by), at=self.at)

    @rule(which=some, months=st.integers(0, 4), by=some)
    def extend(self, which: int, months: int, by: int) -> None:
        rows = UseCase.objects.filter(window_starts_on__isnull=False)
        if case := self.one_of(rows, which, fitting=Q(extended_months=0)):
            with self.trying("extend a window"):
                extend_window(
                    use_case=case, months=months, reason="Their budget.", by=self.director(by), at=self.at
                )

    @rule(which=some, other=some, by=some, undo=yes)
    def link_needs(self, which: int, other: int, by: int, undo: bool) -> None:
        """A sales lead says that two partners brought one need, or takes it back (C18)."""
        standing = UseCaseLink.objects.filter(taken_back_at=None)
        if undo and (link := self.one_of(standing, which)):
            with self.trying("take a link back"):
                take_back_link(link=link, reason="They were two.", by=self.seller(by), at=self.at)
            return
        windows = UseCase.objects.filter(window_starts_on__isnull=False, outcome="")
        one = self.one_of(windows, which)
        if one is None:
            return
        elsewhere = windows.filter(referral__company=one.referral.company).exclude(partner=one.partner)
        if another := self.one_of(elsewhere, other):
            with self.trying("link two needs"):
                link_use_cases(
                    use_case=one, other=another, reason="One tender.", by=self.seller(by), at=self.at
                )

    @rule(
        which=some,
        kind=st.sampled_from(["payment", "payment", "refund", "credit"]),
        tenths=st.integers(1, 10),
    )
    def customer_pays(self, which: int, kind: str, tenths: int) -> None:
        deal = self.one_of(Deal.objects.filter(stage="won"), which)
        if deal is None or deal.signed_on is None:
            return
        self.has_changed = True
        invoice = Invoice.objects.filter(deal=deal).first() or an_invoice(deal, on=deal.signed_on, at=self.at)
        happens(invoice, kind, str(100 * tenths), on=local_date(self.at))
        deals.tell_use_case_changed(deal.use_case_id, why=f"paid:{invoice.facts.count()}", at=self.at)
        self.outcomes["pay", kind] += 1
        self.carry_out()

    # --- partners come and go --------------------------------------------------------------
    @rule(which=some, days=st.integers(0, 60), by_semi=yes)
    def give_notice(self, which: int, days: int, by_semi: bool) -> None:
        """Somebody gives notice to a partner, or they do; where one runs, it is taken back."""
        partner = self.partner(which)
        if which > 6 and (running := partner.endings.standing().first()):
            with self.trying("take notice back"):
                endings.take_notice_back(ending=running, by=running.given_by, at=self.at)
            return
        with self.trying("give notice"):
            endings.give_notice(
                partner=partner,
                last_on=local_date(self.at) + timedelta(days=days),
                reason="It came to nothing." if by_semi else "",
                by=self.director(which) if by_semi else partner.user,
                at=self.at,
            )

    @rule(which=some, first=some, second=some)
    def end_for_cause(self, which: int, first: int, second: int) -> None:
        if which > 5:  # else nobody would be left
            return
        with self.trying("end for cause"):
            ending = endings.propose_end_for_cause(
                partner=self.partner(which), reason="They spammed.", by=self.director(first), at=self.at
            )
            endings.confirm_end_for_cause(ending=ending, by=self.director(second), at=self.at)

    @rule(which=some)
    def come_back(self, which: int) -> None:
        """A former partner signs another contract."""
        partner = self.partner(which)
        if partner.ended_at is None or partner.ended_at > self.at:
            return
        with self.trying("come back"):
            contract: Contract = ContractFactory(partner=partner, created_at=self.at)
            sign(contract, at=self.at)
            endings.rejoin(endings.lock_partner(partner), contract, started_at=self.at, at=self.at)

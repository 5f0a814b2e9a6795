"""What moving a file of running referrals in would do: every row judged against itself, the others and the
database. Nothing is saved here; what is judged new can be applied as a whole (`services.moving_in`).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from partners.models import Contract, Partner
from partners.permissions import is_person
from referrals import rules
from referrals.models import Deal, DealStage, KnownContact, Referral, UseCase
from referrals.permissions import can_host
from referrals.queries import signed_contract
from referrals.running_rows import COLUMNS, Facts, Judged, read_row
from ssp.core.identity import canonical_email, identity_of
from ssp.core.intake import CONFLICT, KNOWN, NEW, Judgements, check_mapping, mapped
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.tabular import Table
from ssp.core.templatetags.ssp import day


@dataclass
class Draft:
    """One use case that a row describes."""

    facts: Facts
    judged: Judged
    partner: Partner | None = None
    host: User | None = None
    contract: Contract | None = None  # whose numbers held on the day they met
    referral: Referral | None = None  # came in by an earlier file: the use case joins it

    @property
    def is_new(self) -> bool:
        return self.judged.outcome == NEW


@dataclass
class Plan(Judgements):
    """All rows, and what is new."""

    rows: list[Judged]
    drafts: list[Draft] = field(default_factory=list)

    @property
    def new(self) -> list[Draft]:
        return [draft for draft in self.drafts if draft.is_new]

    @property
    def shown(self) -> list[Any]:
        """What somebody attests who presses the button."""
        return [
            [[row.number, row.outcome] for row in self.rows],
            [
                [
                    draft.facts.as_json,
                    draft.partner.pk if draft.partner else None,
                    draft.host.pk if draft.host else None,
                    draft.contract.pk if draft.contract else None,
                    draft.referral.pk if draft.referral else None,
                ]
                for draft in self.new
            ],
        ]


def plan_running(table: Table, mapping: Mapping[str, str], *, at: datetime) -> Plan:
    """Judge every row of a table as things stand at that moment.

    :raises ColumnsUnclear: the mapping leaves something open.
    """
    check_mapping(mapping, table.headers, COLUMNS)
    plan = Plan([])
    for row in table.rows:
        cells = mapped(row, mapping)
        name = f"{cells.get('first_name')} {cells.get('last_name')}".strip()
        judged = Judged(row.number, name[:200], cells.get("use_case")[:200], cells.get("partner")[:200])
        plan.rows.append(judged)
        if (facts := read_row(cells, judged)) is not None:
            plan.drafts.append(Draft(facts, judged))
    _Judge(plan.drafts, at=at).judge()
    return plan


class _Judge:
    """Judges drafts: first alone, then among themselves, then against what is there."""

    def __init__(self, drafts: list[Draft], *, at: datetime) -> None:
        self.drafts, self.at, self.today = drafts, at, local_date(at)
        emails = {draft.facts.partner for draft in drafts} | {draft.facts.host for draft in drafts}
        partners = Partner.objects.select_related("user").filter(user__email__in=emails)
        self.partners = {partner.user.email.lower(): partner for partner in partners}
        self.users = {user.email.lower(): user for user in User.objects.filter(email__in=emails)}
        self.contracts: dict[tuple[int, date], Contract | None] = {}

    def judge(self) -> None:
        for draft in self.drafts:
            for look in (self.person, self.partnership, self.meeting, self.deal):
                look(draft)
        self.among_themselves()
        self.against_the_database()
        for draft in self.drafts:
            if draft.is_new:
                self.say(draft)

    # --- a row alone ------------------------------------------------------------------
    def person(self, draft: Draft) -> None:
        facts = draft.facts
        if rules.is_role_address(facts.email):
            draft.judged.refuse(_("%s is a shared address; a referral is one person (C11).") % facts.email)
        if canonical_email(facts.email) == canonical_email(facts.partner):
            draft.judged.refuse(_("This is the partner's own address (C11)."))
        if rules.belongs_to(facts.email, tuple(settings.OWN_DOMAINS)):
            draft.judged.refuse(_("This address belongs to SeMI (C10)."))
        if facts.registered_on > self.today or (facts.told_on and facts.told_on > self.today):
            draft.judged.refuse(_("A day lies in the future: registered on, or privacy notice sent on."))
        if facts.told_on and facts.told_on < facts.registered_on:
            draft.judged.refuse(_("The privacy notice was sent before the person was registered."))

    def signed(self, partner: Partner, on: date) -> Contract | None:
        if (partner.pk, on) not in self.contracts:
            self.contracts[partner.pk, on] = signed_contract(partner, on=on)
        return self.contracts[partner.pk, on]

    def partnership(self, draft: Draft) -> None:
        facts, partner = draft.facts, self.partners.get(draft.facts.partner)
        draft.partner = partner
        if partner is None or not partner.is_active(at=self.at):
            draft.judged.refuse(
                _("%s is no active partner here. Partners move in first; two directors attest their papers.")
                % facts.partner
            )
            return
        if self.signed(partner, facts.registered_on) is None:
            draft.judged.refuse(
                _("The partner had no signed contract on %s, so nobody was registered then (C6).")
                % day(facts.registered_on)
            )
        elif not partner.is_active(at=facts.moment("left", facts.registered_on)):
            draft.judged.refuse(_("There was no partnership on the day of registration (C6)."))

    def meeting(self, draft: Draft) -> None:
        facts = draft.facts
        draft.host = self.users.get(facts.host)
        if facts.introduced_on is None:
            if facts.medium or facts.host or facts.window_ends_on:
                draft.judged.refuse(_("The day of the introduction is missing."))
            return
        if not facts.registered_on <= facts.introduced_on <= self.today:
            draft.judged.refuse(
                _("The introduction was before the registration, or lies in the future (C10).")
            )
        elif facts.moment("left", facts.introduced_on) > self.at:
            draft.judged.refuse(_("The introduction is today and may not be over. Log it in the dashboard."))
        if facts.defined_on > facts.introduced_on:
            draft.judged.refuse(_("The use case was defined after the introduction (C1)."))
        if not facts.medium:
            draft.judged.refuse(_("The medium is missing: video or in person; nothing else counts (C4)."))
        if draft.host is None or not can_host(draft.host):
            draft.judged.refuse(_("The host's e-mail is missing or not of the sales team (C1)."))
        elif draft.partner and is_person(draft.partner, draft.host, identity_of(draft.host.email)):
            draft.judged.refuse(_("Nobody hosts the introduction of their own referral (C1)."))
        last = rules.window_ends_on(facts.introduced_on)
        if facts.window_ends_on not in (None, last):
            draft.judged.refuse(
                _("The window's last day is %s, by the introduction. A director may extend it here.")
                % day(last)
            )
        if draft.partner is not None:
            draft.contract = self.signed(draft.partner, facts.introduced_on)
            if not draft.partner.is_active(at=facts.moment("met", facts.introduced_on)):
                draft.judged.refuse(_("There was no partnership when the introduction was held (C2)."))

    def deal(self, draft: Draft) -> None:
        facts = draft.facts
        if facts.has_deal and facts.introduced_on is None:
            draft.judged.refuse(_("A deal needs the introduction that opened its window (C2)."))
        if (facts.stage == DealStage.WON) is not (facts.signed_on is not None):
            draft.judged.refuse(_("A won deal has the day the customer signed, and no other deal has (C2)."))
        if facts.stage == DealStage.LOST and not facts.lost_reason:
            draft.judged.refuse(_("A lost deal needs its reason (C9)."))
        if facts.signed_on and facts.signed_on > self.today:
            draft.judged.refuse(_("The day of signature lies in the future."))
        if facts.signed_on and facts.introduced_on:
            if facts.signed_on < facts.introduced_on:
                draft.judged.refuse(_("The customer signed before the introduction: nothing is earned (C2)."))
            elif facts.signed_on > (last := rules.window_ends_on(facts.introduced_on)):
                draft.judged.warnings.append(
                    _("Signed after the window's last day, %s: won, and pays nothing (C2).") % day(last)
                )

    # --- rows of one file --------------------------------------------------------------
    def among_themselves(self) -> None:
        people: dict[str, list[Draft]] = defaultdict(list)
        for draft in self.drafts:
            people[draft.facts.identity].append(draft)
        for rows in people.values():
            first = rows[0]
            titles: set[str] = set()
            for draft in rows:
                if draft.facts.person != first.facts.person:
                    draft.judged.refuse(
                        _("Row %s says something else about the same person.") % first.judged.number
                    )
                if draft.facts.title_key in titles:
                    draft.judged.refuse(_("The same use case of the same person stands in the file twice."))
                titles.add(draft.facts.title_key)
        references: dict[str, int] = {}
        for draft in self.drafts:
            reference = draft.facts.customer_reference
            if reference and references.setdefault(reference, draft.judged.number) != draft.judged.number:
                draft.judged.refuse(_("Row %s has the same customer reference (C9).") % references[reference])

    # --- what is there ------------------------------------------------------------------
    def against_the_database(self) -> None:
        identities = {draft.facts.identity for draft in self.drafts}
        live = {
            row.identity: row
            for row in Referral.objects.live().filter(identity__in=identities).select_related("partner")
        }
        barred = set(
            Referral.objects.filter(identity__in=identities, objected_at__isnull=False).values_list(
                "identity", flat=True
            )
        )
        known = set(KnownContact.objects.filter(identity__in=identities).values_list("identity", flat=True))
        cases: dict[int, dict[str, UseCase]] = defaultdict(dict)
        there = UseCase.objects.filter(referral__in=live.values()).select_related("deal", "move_in_row")
        for each in there:
            assert each.referral_id is not None
            cases[each.referral_id][" ".join(each.title.casefold().split())] = each
        moved_in = {pk for pk, found in cases.items() if any(_came_by_file(each) for each in found.values())}
        taken = set(
            Deal.objects.filter(
                customer_reference__in=[each.facts.customer_reference for each in self.drafts]
            )
            .exclude(customer_reference="")
            .values_list("customer_reference", "use_case_id")
        )
        for draft in self.drafts:
            facts, row = draft.facts, live.get(draft.facts.identity)
            if facts.identity in barred:
                draft.judged.refuse(_("The person objected, so nobody registers them again (C11)."))
                continue
            case = cases[row.pk].get(facts.title_key) if row else None
            for reference, case_id in taken:
                if reference == facts.customer_reference and (case is None or case.pk != case_id):
                    draft.judged.refuse(_("Another deal carries this customer reference (C9)."), CONFLICT)
            if row is None:
                if facts.identity in known:
                    draft.judged.warnings.append(
                        _("SeMI's contacts have them today. You attest that they were unknown then (C10).")
                    )
            elif draft.partner is None or row.partner_id != draft.partner.pk:
                draft.judged.refuse(_("Another partner owns this person (C12)."), CONFLICT)
            elif case is not None:
                self.compare(draft, row, case)
            elif row.pk not in moved_in:
                draft.judged.refuse(
                    _("This person was registered here. Go on in the dashboard: a file adds nothing."),
                    CONFLICT,
                )
            elif row.registered_on != facts.registered_on:
                draft.judged.refuse(
                    _("Another day of registration is recorded; it isn't overwritten."), CONFLICT
                )
            elif row.anonymised_at:
                draft.judged.refuse(
                    _("Nothing came of this person, and their details were removed."), CONFLICT
                )
            else:
                draft.referral = row
        self.claims()

    def claims(self) -> None:
        """A claim without an introduction lapses after 60 days; the first one vests it for good (C12)."""
        people: dict[str, list[Draft]] = defaultdict(list)
        for draft in self.drafts:
            if draft.is_new and not (draft.referral and draft.referral.vested_at):
                people[draft.facts.identity].append(draft)
        for rows in people.values():
            last = rules.claim_last_on(rows[0].facts.registered_on)
            met = [draft.facts.introduced_on for draft in rows if draft.facts.introduced_on]
            for draft in rows:
                if not met and last < self.today:
                    draft.judged.refuse(
                        _("The claim lapsed on %s: no introduction was held, so nothing runs (C12).")
                        % day(last)
                    )
                elif met and min(met) > last:
                    draft.judged.warnings.append(
                        _("First met after %s: you attest that an earlier meeting kept the claim (C12).")
                        % day(last)
                    )
                elif met and draft.facts.introduced_on is None:
                    draft.judged.warnings.append(_("Not discussed yet: it gets no window."))

    def compare(self, draft: Draft, row: Referral, case: UseCase) -> None:
        """Say whether a row repeats what is there or contradicts it: it is never overwritten."""
        facts, deal = draft.facts, getattr(case, "deal", None)
        differing = [
            label
            for label, there, said in (
                (_("day of registration"), row.registered_on, facts.registered_on),
                (_("introduction"), case.window_starts_on, facts.introduced_on),
                (_("day of signature"), deal.signed_on if deal else None, facts.signed_on),
            )
            if said is not None and there != said
        ]
        if differing:
            draft.judged.refuse(
                _("Another %s is recorded; it isn't overwritten.") % ", ".join(differing), CONFLICT
            )
        elif draft.is_new:
            draft.judged.outcome = KNOWN
            if deal and facts.stage and deal.stage != facts.stage:
                draft.judged.warnings.append(
                    _("The deal has gone on since: %s. It stays so.") % deal.get_stage_display()
                )

    def say(self, draft: Draft) -> None:
        facts = draft.facts
        said = [_("Use case, defined on %s.") % day(facts.defined_on)]
        if draft.referral is None:
            said.insert(0, _("Referral, registered on %s.") % day(facts.registered_on))
        if facts.introduced_on:
            last = rules.window_ends_on(facts.introduced_on)
            said.append(
                _("Introduction on %(met)s, window until %(last)s.")
                % {"met": day(facts.introduced_on), "last": day(last)}
            )
            said.append(_("Deal: %s.") % DealStage(facts.stage or DealStage.DISCOVERY).label)
            if last < self.today and not facts.signed_on and facts.stage != DealStage.LOST:
                draft.judged.warnings.append(_("The window is over: it takes a director's extension to pay."))
        else:
            said.append(_("No introduction yet."))
        if facts.told_on is None and draft.referral is None:
            said.append(_("The privacy notice goes out."))
        draft.judged.creates = said


def _came_by_file(case: UseCase) -> bool:
    return hasattr(case, "move_in_row")

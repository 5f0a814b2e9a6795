"""What moving a file of partners in would do: every row judged against itself, the others and the database.

Nothing is saved here. What is judged new can be applied as a whole (`services.moving_in`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from partners.intake import COLUMNS, Facts, Judged, read_row
from partners.models import Contract, ContractStatus, MoveInRow, Partner, ProgramTerms, Tier
from partners.rules import free_slot
from ssp.core.identity import identity_of
from ssp.core.intake import CONFLICT, NEW, REFUSED, Judgements, check_mapping, judge_known, mapped
from ssp.core.models import User
from ssp.core.periods import local_date
from ssp.core.tabular import Table
from ssp.core.templatetags.ssp import day


@dataclass
class Draft:
    """One partner that a row describes."""

    facts: Facts
    judged: Judged
    terms: ProgramTerms | None = None
    slot: int | None = None
    recruiter: Partner | None = None  # a partner already
    recruiter_row: MoveInRow | None = None  # moved in before, not attested yet
    recruiter_draft: "Draft | None" = None  # in this file
    settled: bool = False

    @property
    def number(self) -> int:
        return self.judged.number


@dataclass
class Plan(Judgements):
    """All rows, and what is new, recruiters before their recruits."""

    rows: list[Judged]
    drafts: list[Draft] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # PDFs that no row names

    @property
    def has_news(self) -> bool:
        return bool(self.drafts)

    @property
    def shown(self) -> list[Any]:
        """What somebody agrees to who presses the button."""
        return [
            [[row.number, row.outcome] for row in self.rows],
            [
                [
                    draft.facts.as_json,
                    draft.slot,
                    draft.terms.pk if draft.terms else None,
                    draft.recruiter.pk if draft.recruiter else None,
                    draft.recruiter_row.pk if draft.recruiter_row else None,
                ]
                for draft in self.drafts
            ],
        ]


@dataclass
class _Known:
    """What is in the database, read once for all rows."""

    partners: dict[str, Partner]  # by the identity they applied with, and the one they have now
    rows: dict[str, MoveInRow]  # moved in and not taken back, by identity
    names: dict[str, str]
    tax_numbers: dict[tuple[str, str], Partner]
    accounts: set[str]


def plan_move_in(table: Table, mapping: Mapping[str, str], papers: Mapping[str, str], *, on: date) -> Plan:
    """Judge every row of a table.

    :param papers: {file name, case-folded: SHA-256} of the PDFs that came with it.
    :param on: today; no paper was signed after it.
    :raises ColumnsUnclear: the mapping leaves something open.
    """
    check_mapping(mapping, table.headers, COLUMNS)
    rows, drafts = [], []
    for row in table.rows:
        cells = mapped(row, mapping)
        judged = Judged(row.number, cells.get("email")[:200], cells.get("name")[:200])
        rows.append(judged)
        if (facts := read_row(cells, judged)) is not None:
            drafts.append(Draft(facts, judged))
    _Judge(drafts, papers, on=on).judge()
    named = {draft.facts.pdf.casefold() for draft in drafts}
    plan = Plan(rows, unused=sorted(set(papers) - named))
    plan.drafts = _recruiters_first(draft for draft in drafts if draft.judged.outcome == NEW)
    return plan


def _recruiters_first(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts so that each comes after its recruiter's; otherwise as they stand in the file."""

    def depth(draft: Draft) -> int:
        found, each = 0, draft.recruiter_draft
        while each is not None:
            found, each = found + 1, each.recruiter_draft
        return found

    return sorted(drafts, key=lambda draft: (depth(draft), draft.number))


class _Judge:
    def __init__(self, drafts: list[Draft], papers: Mapping[str, str], *, on: date) -> None:
        self.drafts, self.papers, self.on = drafts, papers, on
        self.known = _read_known(drafts)
        self.by_identity: dict[str, Draft] = {}
        self.tiers = {tier.name.casefold(): tier for tier in Tier.objects.all()}
        self.default_tier = next((tier for tier in self.tiers.values() if tier.is_default), None)
        self.terms: dict[int, list[ProgramTerms]] = {}
        for terms in ProgramTerms.objects.select_related("tier").order_by("effective_on"):
            self.terms.setdefault(terms.tier_id, []).append(terms)

    def judge(self) -> None:
        self._one_row_each()
        for draft in self.drafts:
            self._day_and_terms(draft)
            self._who(draft)
            self._paper(draft)
        for draft in self.drafts:
            self._find_recruiter(draft)
        for draft in self.drafts:
            self._no_cycle(draft)
        for draft in self.drafts:
            self._settle(draft)
        self._slots()
        for draft in self.drafts:
            draft.settled = False
        for draft in self.drafts:  # what the slots refused, refuses the recruits of those rows too
            self._settle(draft)
            self._alike(draft)
            self._say(draft)

    # --- each row ---------------------------------------------------------------
    def _one_row_each(self) -> None:
        papers: dict[str, Draft] = {}
        for draft in self.drafts:
            first = self.by_identity.setdefault(draft.facts.identity, draft)
            if first is not draft:
                said = _("The same person is in row %s too, by this address or a variant of it (C22).")
                draft.judged.refuse(said % first.number)
                first.judged.refuse(said % draft.number)
            other = papers.setdefault(draft.facts.pdf.casefold(), draft)
            if other is not draft:
                said = _("Row %s names the same PDF: each partner has a paper of their own.")
                draft.judged.refuse(said % other.number)
                other.judged.refuse(said % draft.number)

    def _day_and_terms(self, draft: Draft) -> None:
        if draft.facts.day > self.on:
            draft.judged.refuse(_("The paper is dated in the future. Look at the day of the signature."))
        wanted = draft.facts.tier.casefold()
        tier = self.tiers.get(wanted) if wanted else self.default_tier
        if tier is None:
            draft.judged.refuse(
                _("There is no tier “%s”. A director adds it, with its terms; then look again.")
                % draft.facts.tier
                if wanted
                else _("There is no default tier yet. A director enters it, with its terms; then look again.")
            )
            return
        versions = self.terms.get(tier.pk, [])
        if not versions:
            draft.judged.refuse(
                _("The tier “%s” has no terms. A director enters them; then look again.") % tier.name
            )
            return
        # The numbers are the paper's own; the terms are what reviewers compare them with.
        before = [terms for terms in versions if terms.effective_on <= draft.facts.day]
        draft.terms = before[-1] if before else versions[0]

    def _paper(self, draft: Draft) -> None:
        if draft.judged.outcome == NEW and draft.facts.pdf.casefold() not in self.papers:
            draft.judged.refuse(_("The signed PDF %s isn't among the files. Add it below.") % draft.facts.pdf)

    def _who(self, draft: Draft) -> None:
        facts, judged = draft.facts, draft.judged
        row = self.known.rows.get(facts.identity)
        if row is not None:
            judge_known([judged], self._differs_from_row(draft, row))
            return
        partner = self.known.partners.get(facts.identity)
        if partner is None:
            if facts.email in self.known.accounts:
                judged.warnings.append(
                    _("There is an account with this address: it becomes the partner's, if it is proven.")
                )
            return
        contracts = sorted(partner.contracts.all(), key=lambda each: each.pk)
        signed = [each for each in contracts if each.status == ContractStatus.SIGNED]
        if signed:
            judge_known([judged], _differs_from_partner(facts, partner, signed[-1]))
        elif any(each.is_open for each in contracts):
            judged.refuse(
                _("This person applied here, and their contract isn't signed yet. Decide that first (C6).")
            )

    def _differs_from_row(self, draft: Draft, row: MoveInRow) -> list[str]:
        there, here = dict(row.facts), draft.facts.as_json
        if not (draft.facts.slot_given and there["slot_given"]):
            for each in (there, here):
                each.pop("slot"), each.pop("slot_given")
        if draft.facts.recruiter and there["recruiter"]:
            there["recruiter"] = identity_of(there["recruiter"])
            here["recruiter"] = identity_of(here["recruiter"])
        there["email"] = here["email"]  # compared as an identity
        there["pdf"] = here["pdf"]  # compared by what is in it
        names = [name for name in there if there[name] != here[name]]
        sha256 = self.papers.get(draft.facts.pdf.casefold())
        return [
            *(name.replace("_", " ") for name in names),
            *([_("signed PDF")] if sha256 and sha256 != row.paper.sha256 else []),
        ]

    # --- rows together ------------------------------------------------------------
    def _find_recruiter(self, draft: Draft) -> None:
        facts, judged = draft.facts, draft.judged
        if judged.outcome != NEW:
            return
        if not facts.recruiter:
            if facts.slot is not None:
                judged.refuse(_("A recruit slot needs the recruiter's e-mail address."))
            return
        identity = identity_of(facts.recruiter)
        if identity == facts.identity:
            judged.refuse(_("Nobody recruits themself (C22). Empty the recruiter's cell, or correct it."))
            return
        in_file, row = self.by_identity.get(identity), self.known.rows.get(identity)
        partner = self.known.partners.get(identity)
        if row is not None and row.contract is not None and row.contract.status == ContractStatus.SIGNED:
            partner, row = row.contract.partner, None
        signed: date | None
        if partner is not None and partner.started_at is not None:
            draft.recruiter, signed = partner, local_date(partner.started_at)
            if partner.end_kind == Partner.EndKind.CAUSE:
                judged.warnings.append(
                    _("The recruiter was ended for cause, and gets no bonus any more (C20).")
                )
        elif row is not None:
            draft.recruiter_row, signed = row, _day_of(row)
        elif in_file is not None:
            draft.recruiter_draft, signed = in_file, in_file.facts.day
        else:
            judged.refuse(
                _("The recruiter %s is no partner and not in this file. Add their row, or correct it.")
                % facts.recruiter
            )
            return
        if signed > facts.day:
            judged.refuse(
                _("The recruiter signed on %(theirs)s, after this recruit (%(own)s). Check both days.")
                % {"theirs": day(signed), "own": day(facts.day)}
            )

    def _no_cycle(self, draft: Draft) -> None:
        line, each = [draft], draft.recruiter_draft
        while each is not None and each not in line:
            line.append(each)
            each = each.recruiter_draft
        if each is not None:
            inside = line[line.index(each) :]
            for member in inside:
                member.judged.refuse(
                    _("These rows recruit each other in a circle (C22): %s.")
                    % ", ".join(str(number) for number in sorted(one.number for one in inside))
                )
                member.recruiter_draft = None

    def _settle(self, draft: Draft) -> None:
        """Refuse whose recruiter's row is refused, and who is their own recruiter under another address."""
        line: list[Draft] = [draft]
        while (above := line[-1].recruiter_draft) is not None and not above.settled:
            line.append(above)
        for each in reversed(line):  # recruiters first, however long the line is
            each.settled = True
            recruiter = each.recruiter_draft
            if recruiter is not None and recruiter.judged.outcome in (REFUSED, CONFLICT):
                each.judged.refuse(_("The row of the recruiter (%s) can't be used.") % recruiter.number)
            self._somebody_else(each)

    def _somebody_else(self, draft: Draft) -> None:
        own = (draft.facts.tax_number, draft.facts.country)
        if not own[0] or draft.judged.outcome != NEW:
            return
        for number, country in self._line(draft):
            if (number, country) == own:
                draft.judged.refuse(
                    _(
                        "The tax number is that of the recruiter, or of who recruited them: nobody recruits "
                        "themself (C22)."
                    )
                )
                return

    def _line(self, draft: Draft) -> Iterable[tuple[str, str]]:
        """Yield tax number and country of the recruiter, of who recruited them, and so on."""
        each: Draft | None = draft
        row: MoveInRow | None = None
        partner: Partner | None = None
        while each is not None:
            row, partner, each = each.recruiter_row, each.recruiter, each.recruiter_draft
            if each is not None:
                yield each.facts.tax_number, each.facts.country
        while row is not None:
            yield row.facts["tax_number"], row.facts["country"]
            partner, row = row.recruiter, row.recruiter_row
        while partner is not None:
            yield partner.tax_number, partner.country
            partner = partner.recruiter

    def _slots(self) -> None:
        """Give each recruit the slot of the file, or by order of signature the first that is free (C21)."""
        groups: dict[object, list[Draft]] = {}
        for draft in self.drafts:
            if draft.judged.outcome != NEW:
                continue
            if draft.recruiter is not None:
                groups.setdefault(("partner", draft.recruiter.pk), []).append(draft)
            elif draft.recruiter_row is not None:
                groups.setdefault(("row", draft.recruiter_row.pk), []).append(draft)
            elif draft.recruiter_draft is not None:
                groups.setdefault(("draft", draft.recruiter_draft.number), []).append(draft)
        for group in groups.values():
            self._slots_of(group)

    def _slots_of(self, recruits: list[Draft]) -> None:
        taken = _slots_spoken_for(recruits[0].recruiter, recruits[0].recruiter_row)
        for draft in recruits:
            if draft.facts.slot is None:
                continue
            if (holder := taken.get(draft.facts.slot)) is not None:
                draft.judged.refuse(
                    _("Slot %(slot)s of this recruiter is taken: %(holder)s (C21).")
                    % {"slot": draft.facts.slot, "holder": holder}
                )
                continue
            draft.slot = draft.facts.slot
            taken[draft.slot] = _("row %s") % draft.number
        by_signature = sorted(recruits, key=lambda each: (each.facts.day, each.number))
        for draft in by_signature:
            if draft.judged.outcome != NEW or draft.facts.slot_given:
                continue
            draft.slot = free_slot(taken)
            if draft.slot is None:
                draft.judged.warnings.append(
                    _("All three slots of the recruiter are taken: this recruit brings no bonus (C21).")
                )
            else:
                taken[draft.slot] = _("row %s") % draft.number
        slots = [draft.slot for draft in by_signature if draft.slot]
        if slots != sorted(slots):
            for draft in by_signature:
                draft.judged.warnings.append(
                    _("The slots of this recruiter aren't in the order of signature.")
                )

    # --- words ----------------------------------------------------------------------
    def _alike(self, draft: Draft) -> None:
        if draft.judged.outcome != NEW:
            return
        for name in {draft.facts.legal_name, draft.facts.display_name, draft.facts.full_name}:
            if there := self.known.names.get(bare_name(name)):
                draft.judged.warnings.append(
                    _("A partner with a name like this is there: %s. Is it somebody else?") % there
                )
                break
        same = self.known.tax_numbers.get((draft.facts.tax_number, draft.facts.country))
        if draft.facts.tax_number and same is not None and same.identity != draft.facts.identity:
            draft.judged.warnings.append(_("%s has the same tax number.") % same.display_name)

    def _say(self, draft: Draft) -> None:
        if draft.judged.outcome != NEW:
            return
        said = _("A partner, an account and a contract signed on %s, for two directors to attest.") % day(
            draft.facts.day
        )
        if draft.slot:
            said += " " + _("Slot %(slot)s of %(recruiter)s.") % {
                "slot": draft.slot,
                "recruiter": draft.facts.recruiter,
            }
        if draft.recruiter is None and draft.facts.recruiter:
            said += " " + _("It waits until the recruiter's paper is attested.")
        draft.judged.creates = said


def _day_of(row: MoveInRow) -> date:
    """Return the day of a row's paper: of its contract, which may have been corrected, else as it came."""
    if row.contract is not None and row.contract.paper_signed_on is not None:
        return row.contract.paper_signed_on
    return date.fromisoformat(row.facts["signed_on"])


def _read_known(drafts: list[Draft]) -> _Known:
    partners = list(
        Partner.objects.select_related("user", "recruiter__recruiter").prefetch_related("contracts__tier")
    )
    people = {identity_of(each.user.email): each for each in partners}
    people |= {each.identity: each for each in partners}
    wanted = {draft.facts.identity for draft in drafts} | {
        identity_of(draft.facts.recruiter) for draft in drafts if draft.facts.recruiter
    }
    rows = MoveInRow.objects.live().filter(identity__in=wanted)
    started = [each for each in partners if each.started_at is not None]
    names = {
        bare_name(name): each.display_name
        for each in started
        for name in (each.display_name, each.legal_name)
        if bare_name(name)
    }
    emails = {draft.facts.email for draft in drafts}
    return _Known(
        partners=people,
        rows={
            row.identity: row
            for row in rows.select_related("paper", "contract__partner", "recruiter", "recruiter_row")
        },
        names=names,
        tax_numbers={(each.tax_number, each.country): each for each in started if each.tax_number},
        accounts=set(User.objects.filter(email__in=emails).values_list("email", flat=True)),
    )


def _slots_spoken_for(partner: Partner | None, row: MoveInRow | None) -> dict[int, str]:
    """Return the slots that recruits have, or will have once their paper is attested, and whose they are."""
    spoken: dict[int, str] = {}
    if partner is not None:
        spoken = {
            each.bonus_slot: each.display_name
            for each in partner.recruits.filter(bonus_slot__isnull=False)
            if each.bonus_slot
        }
        for contract in Contract.objects.open().filter(partner__recruiter=partner, paper_slot__isnull=False):
            spoken.setdefault(contract.paper_slot or 0, contract.number)
    waiting = MoveInRow.objects.waiting()
    if partner is None and row is None:
        return spoken
    of_recruiter = waiting.filter(recruiter=partner) if partner else waiting.filter(recruiter_row=row)
    for other in of_recruiter:
        if other.slot:
            spoken.setdefault(other.slot, str(other))
    return spoken


def _differs_from_partner(facts: Facts, partner: Partner, contract: Contract) -> list[str]:
    """Return what a row says otherwise than a partner who signed here."""
    recruiter = partner.recruiter.identity if partner.recruiter else ""
    pairs: dict[str, tuple[object, object]] = {
        _("public name"): (partner.display_name, facts.display_name),
        _("legal name"): (partner.legal_name, facts.legal_name),
        _("country"): (partner.country, facts.country),
        _("tax number"): (partner.tax_number, facts.tax_number),
        _("day of signature"): (local_date(contract.signed_at) if contract.signed_at else None, facts.day),
        _("recruiter"): (recruiter, identity_of(facts.recruiter) if facts.recruiter else ""),
    }
    if facts.tier:
        pairs[_("tier")] = (contract.tier.name.casefold(), facts.tier.casefold())
    if facts.slot_given:
        pairs[_("recruit slot")] = (partner.bonus_slot, facts.slot)
    pairs |= {
        name.replace("_", " "): (contract.numbers[name], value) for name, value in facts.numbers.items()
    }
    return [str(name) for name, (there, here) in pairs.items() if there != here]


def bare_name(name: str) -> str:
    """Return a name without accents, signs, legal forms and word order: names that people take for one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = set(re.findall(r"[a-z0-9]+", plain)) - {
        "bv",
        "ltd",
        "gmbh",
        "inc",
        "llc",
        "nv",
        "sa",
        "sarl",
        "srl",
        "b",
        "v",
    }
    return " ".join(sorted(words))

"""Reads that span models: what SeMI knew, who may act, and what a partner's home shows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from partners.models import Contract, ContractStatus, Ending, Partner
from referrals import rules, story
from referrals.models import (
    Company,
    Confirmation,
    ConfirmationAnswer,
    ContactImport,
    DealStage,
    Introduction,
    IntroductionStatus,
    KnownContact,
    Proposal,
    Referral,
    ReferralQuerySet,
    ReferralStatus,
    UseCase,
)
from referrals.rules import Person
from referrals.similar_names import similar_claims, similar_contacts
from ssp.core.periods import local_date, start_of_day
from ssp.core.templatetags.ssp import day, weekday_day


# --- the check (C10) --------------------------------------------------------------
def what_semi_knew(person: Person, *, identity: str, company: Company, at: datetime) -> dict[str, object]:
    """Return the evidence of a registration: ids, counts, scores and rules, never a personal field (C10).

    Similar is a name that `names.compare` finds alike, at the same company, with another address.
    """
    contacts = similar_contacts(person, identity=identity, company=company)
    claims = similar_claims(person, identity=identity, company=company)
    last_import = ContactImport.objects.order_by("-pk").values_list("pk", flat=True).first()
    return {
        "checked_at": at.isoformat(),
        "known_contact": KnownContact.objects.filter(identity=identity).exists(),
        "live_claim": Referral.objects.live().filter(identity=identity).exists(),
        "objected": Referral.objects.filter(identity=identity, objected_at__isnull=False).exists(),
        "similar_contacts": [found.pk for found in contacts],
        "similar_referrals": [found.pk for found in claims],
        "why_contacts": [found.as_evidence() for found in contacts],
        "why_referrals": [found.as_evidence() for found in claims],
        "last_import": last_import,
    }


def left_and_not_kept(*, identity: str, at: datetime) -> QuerySet[Referral]:
    """Return live claims on a person whose partner has left, but for those that obviously hold (C12).

    A window that runs or a meeting that awaits its answer is seen here, in the one statement that everybody's
    registration costs: whom a former partner still owns is refused after the same work as anybody (C12).
    """
    family = Coalesce(OuterRef("root_id"), OuterRef("pk"))
    runs = UseCase.objects.filter(referral=family, outcome="", window_ends_on__gte=local_date(at)).exclude(
        deal__stage__in=[DealStage.WON, DealStage.LOST]
    )
    awaits = Introduction.objects.filter(
        Q(referral=family) | Q(referral__root=family),
        status=IntroductionStatus.BOOKED,
        starts_at__lt=OuterRef("partner__ended_at"),
    )
    for_cause = Ending.objects.for_cause(since=OuterRef("registered_at")).filter(
        partner=OuterRef("partner"), ends_at__lte=at
    )
    left = Referral.objects.of_left_partners(at=at).filter(identity=identity)
    return left.filter(Exists(for_cause) | ~Exists(runs) & ~Exists(awaits))


def signed_contract(partner: Partner, *, on: date) -> Contract | None:
    """Return the contract whose numbers hold for what happens on that day (C5)."""
    return (
        Contract.objects.filter(
            partner=partner,
            status=ContractStatus.SIGNED,
            signed_at__lt=start_of_day(date.fromordinal(on.toordinal() + 1)),
        )
        .order_by("-signed_at")
        .first()
    )


def free_internal_slot(root: Referral) -> int | None:
    """Return the lowest free place of 1 to 3, or None when all are taken (C3)."""
    taken = set(Referral.objects.filter(root=root).values_list("internal_slot", flat=True))
    return next((slot for slot in range(1, rules.INTERNAL_REFERRALS + 1) if slot not in taken), None)


# --- what people see ---------------------------------------------------------------
def referrals_of(partner: Partner) -> ReferralQuerySet:
    """Return a partner's referrals with what lists show of them, the newest first."""
    return (
        Referral.objects.owned_by(partner)
        .select_related("company", "seller", "root", "passed_on_by")
        .prefetch_related("use_cases__deal", "introductions")
        .annotate(internal_count=Count("internal_referrals", distinct=True))
        .order_by("-registered_at", "-pk")
    )


def use_cases_to_discuss(referral: Referral) -> QuerySet[UseCase]:
    """Return the open use cases about this person's root, and those that are about nobody yet."""
    return UseCase.objects.filter(
        Q(referral=referral.the_root) | Q(referral__isnull=True),
        partner_id=referral.partner_id,
        outcome="",
    ).order_by("defined_at", "pk")


def meetings_to_come(*, at: datetime) -> QuerySet[Introduction]:
    """Return booked meetings that haven't ended."""
    return Introduction.objects.filter(status=IntroductionStatus.BOOKED, ends_at__gt=at).order_by("starts_at")


def open_windows(*, on: date) -> QuerySet[UseCase]:
    """Return use cases whose window runs on that day and that aren't won, lost or closed (C2)."""
    return (
        UseCase.objects.filter(outcome="", window_starts_on__lte=on, window_ends_on__gte=on)
        .exclude(deal__stage__in=[DealStage.WON, DealStage.LOST])
        .exclude(referral__ended_with__kind=Partner.EndKind.CAUSE)  # pays nothing any more: nobody's deadline
        .select_related("partner__user", "referral__company", "referral__seller", "deal")
        .order_by("window_ends_on", "pk")
    )


def windows_left_open(*, partner: Partner, on: date) -> QuerySet[UseCase]:
    """Return the windows of a partner in which a deal may still be signed from that day on (C2)."""
    return (
        UseCase.objects.filter(partner=partner, outcome="", window_ends_on__gte=on)
        .exclude(deal__stage__in=[DealStage.WON, DealStage.LOST])
        .filter(referral__claim_ended_at__isnull=True)
        .select_related("referral__company")
        .order_by("window_ends_on", "pk")
    )


def running_after(referral_ids: Collection[int], *, ends_at: datetime) -> rules.Running:
    """Return what still runs about these people after their partner's end by notice (C12)."""
    windows = UseCase.objects.filter(referral__in=referral_ids, outcome="", window_ends_on__isnull=False)
    windows = windows.exclude(deal__stage__in=[DealStage.WON, DealStage.LOST])
    held = Introduction.objects.filter(referral__in=referral_ids, starts_at__lt=ends_at)
    host_said = Confirmation.objects.filter(
        introduction__in=held, asked=Confirmation.Asked.HOST, decides=True, answered_at__isnull=False
    )
    against = host_said.filter(contested_at__isnull=True).exclude(answer=ConfirmationAnswer.WARM)
    contestable = [
        rules.contest_until(local_date(answered_at))
        for answered_at in against.values_list("answered_at", flat=True)
        if answered_at is not None
    ]
    contested = host_said.filter(contested_at__isnull=False, settled_at__isnull=True)
    return rules.Running(
        windows=tuple(day for day in windows.values_list("window_ends_on", flat=True) if day is not None),
        awaits_answer=held.filter(status=IntroductionStatus.BOOKED).exists() or contested.exists(),
        contest_until=max(contestable, default=None),
    )


# --- a partner's home ----------------------------------------------------------------
@dataclass(frozen=True)
class ToDo:
    """Something only the partner can do."""

    on: date | None
    title: str
    text: str
    url: str
    action: str
    clause: str = ""
    clause_text: str = ""
    primary: bool = False


@dataclass(frozen=True)
class Deadline:
    """A date after which something is lost: a window (C2) or a claim (C12)."""

    starts_on: date
    ends_on: date
    title: str
    person: str
    company: str
    url: str
    is_window: bool
    tone: str
    word: str


@dataclass(frozen=True)
class Waiting:
    """Something that lies with SeMI, and until when."""

    title: str
    text: str
    on: date | None
    url: str


def needs_partner(partner: Partner, on: date) -> list[ToDo]:
    """Return what waits for the partner, the most urgent first."""
    todos = [*_answers_due(partner), *_answers_to_read(partner, on), *_confirmations_of_ours(partner)]
    todos += _times_to_choose(partner) + _meetings_to_book(partner)
    todos += _use_cases_to_define(partner) + _models_to_choose(partner)
    return sorted(todos, key=lambda todo: (todo.on or date.max, todo.title))


def _answers_due(partner: Partner) -> list[ToDo]:
    asked = (
        Confirmation.objects.filter(
            introduction__referral__partner=partner,
            asked=Confirmation.Asked.PARTNER,
            answered_at__isnull=True,
            introduction__status=IntroductionStatus.BOOKED,
        )
        .exclude(introduction__confirmations__decides=True)
        .select_related("introduction__referral")
    )
    return [
        ToDo(
            on=rules.reminder_days(local_date(row.asked_at))[0],
            title=_("How was the meeting with %(name)s?") % {"name": row.introduction.referral.person_name},
            text=_("The host is asked as well. Their answer decides; yours stands if they stay silent."),
            url=reverse("referrals:answer", args=[row.pk]),
            action=_("Answer"),
            clause="C14",
            clause_text=_(
                "After each introduction meeting host and partner say what type of referral it was."
            ),
        )
        for row in asked
    ]


def _answers_to_read(partner: Partner, on: date) -> list[ToDo]:
    """What a host said against the partner, while it may be contested (C14)."""
    rows = (
        Confirmation.objects.filter(
            introduction__referral__partner=partner,
            introduction__referral__claim_ended_at__isnull=True,
            introduction__referral__status__in=[ReferralStatus.NOT_WARM, ReferralStatus.RESELLER],
            asked=Confirmation.Asked.HOST,
            decides=True,
            answer__in=[ConfirmationAnswer.NOT_WARM, ConfirmationAnswer.RESELLER],
            contested_at__isnull=True,
        )
        .select_related("introduction__referral__company", "answered_by")
        .order_by("answered_at")
    )
    found = []
    for row in rows:
        if row.answered_at is None or row.answered_by is None:
            continue
        until = rules.contest_until(local_date(row.answered_at))
        if until < on:
            continue
        referral = row.introduction.referral
        facts = {
            "company": referral.company.name,
            "by": row.answered_by.full_name,
            "day": day(row.answered_at),
            "until": weekday_day(until),
            "reason": row.reason,
        }
        said = _("%(company)s. %(by)s answered on %(day)s.") % facts
        if row.reason:
            said = _("%(company)s. %(by)s answered on %(day)s: “%(reason)s”") % facts
        found.append(
            ToDo(
                on=until,
                title=_("Accept or contest “%(answer)s” for %(name)s")
                % {"answer": row.get_answer_display(), "name": referral.person_name},
                text=said + " " + _("You may contest until %(until)s.") % facts,
                url=referral.get_absolute_url(),
                action=_("Read the answer"),
                clause="C14",
                clause_text=_("The host’s answer decides. You may contest it within 10 working days."),
            )
        )
    return found


def _confirmations_of_ours(partner: Partner) -> list[ToDo]:
    rows = Referral.objects.owned_by(partner).live().filter(partner_confirmed_at__isnull=True)
    return [
        ToDo(
            on=row.claim_last_on,
            title=_("Confirm that you introduce %(name)s") % {"name": row.person_name},
            text=_("A seller registered them for you. Nothing is sent to the person before you confirm."),
            url=row.get_absolute_url(),
            action=_("Look and confirm"),
            clause="C11",
            clause_text=_("You attest that the person agreed to be introduced."),
        )
        for row in rows
    ]


def _meetings_to_book(partner: Partner) -> list[ToDo]:
    rows = (
        Referral.objects.owned_by(partner)
        .live()
        .filter(
            status__in=[ReferralStatus.REGISTERED, ReferralStatus.NOT_WARM],
            partner_confirmed_at__isnull=False,
            objected_at__isnull=True,
        )
        .exclude(introductions__status=IntroductionStatus.BOOKED)
        .exclude(Exists(Proposal.objects.open().filter(referral=OuterRef("pk"))))
        .select_related("company")
    )
    return [
        ToDo(
            on=row.claim_last_on,
            title=_("Propose a meeting with %(name)s") % {"name": row.person_name},
            text=_("%(company)s. The first meeting must be held by this day.")
            % {"company": row.company.name},
            url=reverse("referrals:propose", args=[row.pk]),
            action=_("Propose a meeting"),
            clause="C12",
            clause_text=_("A claim lapses when no meeting is held within 60 days, the 60th day included."),
            primary=True,
        )
        for row in rows
    ]


def _times_to_choose(partner: Partner) -> list[ToDo]:
    return [
        ToDo(
            on=row.referral.claim_last_on,
            title=_("Take a time for %(name)s") % {"name": row.referral.person_name},
            text=_("%(company)s. SeMI proposed other times.") % {"company": row.referral.company.name},
            url=reverse("referrals:times", args=[row.pk]),
            action=_("See the times"),
            clause="C12",
            clause_text=_("The time for which SeMI left yours unanswered was added to your claim."),
            primary=True,
        )
        for row in Proposal.objects.with_partner()
        .filter(referral__partner=partner)
        .select_related("referral__company")
    ]


def _use_cases_to_define(partner: Partner) -> list[ToDo]:
    rows = (
        Referral.objects.owned_by(partner)
        .live()
        .roots()
        .filter(use_cases__isnull=True, objected_at__isnull=True, status=ReferralStatus.REGISTERED)
    )
    return [
        ToDo(
            on=row.claim_last_on,
            title=_("Define a use case for %(name)s") % {"name": row.person_name},
            text=_("Only a use case that was defined before the meeting counts."),
            url=f"{reverse('referrals:define_use_case')}?referral={row.pk}",
            action=_("Define a use case"),
            clause="C1",
            clause_text=_("A reward needs a use case that you defined before the meeting."),
        )
        for row in rows
    ]


def _models_to_choose(partner: Partner) -> list[ToDo]:
    rows = (
        UseCase.objects.filter(
            partner=partner, model="", model_locked_at__isnull=True, outcome="", referral__isnull=False
        )
        .filter(introductions__status=IntroductionStatus.BOOKED)
        .select_related("referral")
        .distinct()
    )
    return [
        ToDo(
            on=None,
            title=_("Choose how “%(title)s” pays") % {"title": row.title},
            text=_("The choice locks when the use case is confirmed warm."),
            url=reverse("referrals:election", args=[row.pk]),
            action=_("Choose"),
            clause="C5",
            clause_text=_("Without a choice the model of your contract applies."),
        )
        for row in rows
    ]


def deadlines(partner: Partner, on: date) -> list[Deadline]:
    """Return the partner's running windows and claims, the one that ends first on top."""
    found = [
        Deadline(
            starts_on=row.window_starts_on,
            ends_on=row.window_ends_on,
            title=row.title,
            person=row.referral.person_name if row.referral else "",
            company=row.referral.company.name if row.referral else "",
            url=row.referral.get_absolute_url() if row.referral else "",
            is_window=True,
            tone=(status := story.deal_status(row))[0],
            word=status[1],
        )
        for row in open_windows(on=on).filter(partner=partner)
        if row.window_starts_on and row.window_ends_on
    ]
    claims = (
        Referral.objects.owned_by(partner)
        .live()
        .filter(claim_last_on__gte=on, vested_at__isnull=True)
        .select_related("company")
        .prefetch_related("introductions")
    )
    found += [
        Deadline(
            starts_on=row.registered_on,
            ends_on=row.claim_last_on,
            title=_("First meeting"),
            person=row.person_name,
            company=row.company.name,
            url=row.get_absolute_url(),
            is_window=False,
            tone=(status := story.meeting_status(row, on=on))[0],
            word=status[1],
        )
        for row in claims
        if row.claim_last_on
    ]
    return sorted(found, key=lambda deadline: deadline.ends_on)


def with_semi(partner: Partner, on: date) -> list[Waiting]:
    """Return what lies with SeMI: names to check, hosts to answer, contests, deals under way."""
    waiting = [
        Waiting(
            title=_("%(name)s: a name to check") % {"name": row.person_name},
            text=_("We answer by hand within 2 working days. Nothing is sent to the person until then."),
            on=rules.name_answer_by(row.registered_on),
            url=row.get_absolute_url(),
        )
        for row in Referral.objects.owned_by(partner).to_check()
    ]
    waiting += [
        Waiting(
            title=_("%(name)s: the times you proposed") % {"name": row.referral.person_name},
            text=_("Your claim doesn’t lapse meanwhile. On this day a sales lead is asked."),
            on=rules.proposal_escalated_on(row.waiting_since_on),
            url=row.referral.get_absolute_url(),
        )
        for row in Proposal.objects.with_semi().filter(referral__partner=partner).select_related("referral")
    ]
    hosts = (
        Confirmation.objects.filter(introduction__referral__partner=partner, asked=Confirmation.Asked.HOST)
        .filter(Q(answered_at__isnull=True) | Q(contested_at__isnull=False, settled_at__isnull=True))
        .exclude(Q(answered_at__isnull=True) & Q(introduction__confirmations__decides=True))
        .select_related("introduction__referral", "introduction__host")
    )
    for row in hosts:
        referral = row.introduction.referral
        contested = row.contested_at is not None
        waiting.append(
            Waiting(
                title=_("%(name)s: contested, with the sales leads") % {"name": referral.person_name}
                if contested
                else _("%(name)s: %(host)s’s answer about the meeting")
                % {"name": referral.person_name, "host": row.introduction.host.first_name},
                text=""
                if contested
                else _("Silence never denies you: after 15 working days your own answer stands."),
                on=None if contested else rules.escalated_on(local_date(row.asked_at)),
                url=referral.get_absolute_url(),
            )
        )
    for use_case in open_windows(on=on).filter(partner=partner, deal__isnull=False):
        if use_case.referral and use_case.deal.stage != DealStage.DISCOVERY:
            waiting.append(
                Waiting(
                    title=_("%(title)s: %(stage)s")
                    % {"title": use_case.title, "stage": use_case.deal.get_stage_display()},
                    text=use_case.referral.company.name,
                    on=use_case.window_ends_on,
                    url=use_case.referral.get_absolute_url(),
                )
            )
    return waiting

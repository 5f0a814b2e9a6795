"""The letters about proposed times, claims that end soon, and appeals (C12)."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from referrals import proposals, rules
from referrals.letters import NEUTRAL, Letter, letter, page_of, to_partner, to_sales
from referrals.models import Appeal, Proposal, Referral
from ssp.core.links import absolute
from ssp.core.templatetags.ssp import weekday_day


def _times(proposal: Proposal) -> list[str]:
    return [proposals.time_words(time) for time in proposal.times.all()]


def _facts(proposal: Proposal) -> dict[str, object]:
    referral = proposal.referral
    return {
        "person": referral.person_name,
        "company": referral.company.name,
        "partner": referral.partner.display_name,
        "day": weekday_day(proposal.waiting_since_on),
        "leads": weekday_day(proposals.escalates_on(proposal)),
    }


@letter("referrals.times_proposed")
def times_proposed(proposal: Proposal, reminder: int) -> Letter:
    facts = _facts(proposal)
    subject = (
        _("Still to answer: times for %(person)s, %(company)s")
        if reminder
        else _("%(partner)s proposes times for %(person)s, %(company)s")
    )
    return Letter(
        subject=subject % facts,
        paragraphs=[
            _("%(partner)s would like to introduce %(person)s of %(company)s at one of these times:") % facts,
            *_times(proposal),
        ],
        url=absolute(proposals.answer_url(proposal)),
        action=_("Take one, or propose others"),
        after=[
            _("The claim doesn’t lapse while this waits for us. On %(leads)s a sales lead is asked (C12).")
            % facts
        ],
        why=to_sales(),
    )


@letter("referrals.to_settle")
def times_escalated(proposal: Proposal) -> Letter:
    facts = _facts(proposal)
    return Letter(
        subject=_("Nobody answered the times for %(person)s, %(company)s") % facts,
        paragraphs=[
            _("%(partner)s has waited since %(day)s for one of these times to be taken:") % facts,
            *_times(proposal),
        ],
        url=absolute(proposals.answer_url(proposal)),
        action=_("Answer them"),
        after=[_("Every day that we let them wait is added to the claim, and 5 working days (C12).")],
        why=to_sales(),
    )


@letter("referrals.other_times")
def other_times(proposal: Proposal) -> Letter:
    referral = proposal.referral
    facts = {**_facts(proposal), "host": proposal.host.full_name if proposal.host else ""}
    after = []
    if referral.claim_last_on and referral.vested_at is None:
        after = [
            _("Your claim runs until %(day)s, this wait included.")
            % {"day": weekday_day(referral.claim_last_on)}
        ]
    return Letter(
        subject=_("Other times for %(person)s") % facts,
        paragraphs=[
            _("%(host)s can’t make your times for %(person)s and proposes:") % facts,
            *_times(proposal),
        ],
        url=absolute(proposals.answer_url(proposal)),
        action=_("Take one of these times"),
        after=after,
        why=to_partner(),
    )


# --- a claim that ends soon -----------------------------------------------------------
def _kind_of_claim_reminder(referral: Referral, on: date) -> str:
    """The last reminder always comes; who wants to may do without the earlier one."""
    assert referral.claim_last_on is not None
    is_last = (referral.claim_last_on - on).days <= min(rules.CLAIM_REMINDERS)
    return "referrals.last_claim_days" if is_last else "referrals.claim_days"


@letter(_kind_of_claim_reminder)
def claim_reminder(referral: Referral, on: date) -> Letter:
    assert referral.claim_last_on is not None
    left = (referral.claim_last_on - on).days
    facts = {
        "person": referral.person_name,
        "company": referral.company.name,
        "left": left,
        "day": weekday_day(referral.claim_last_on),
    }
    subject = (
        _("%(person)s: %(left)d days left to meet")
        if left > 1
        else (_("%(person)s: 1 day left to meet") if left else _("%(person)s: today is the last day to meet"))
    )
    return Letter(
        subject=subject % facts,
        paragraphs=[
            _("No meeting with %(person)s of %(company)s is booked. Your claim lapses after %(day)s.")
            % facts,
            _("While SeMI has your proposed times and doesn’t answer, the claim goes on (C12)."),
        ],
        url=absolute(reverse("referrals:propose", args=[referral.pk])),
        action=_("Propose times"),
        why=to_partner(),
    )


# --- appeals ----------------------------------------------------------------------------
@letter("referrals.to_settle")
def appealed(appeal: Appeal) -> Letter:
    facts = {
        "partner": appeal.refusal.partner.display_name,
        "day": weekday_day(appeal.answered_on),
    }
    return Letter(
        subject=_("%(partner)s appeals against a refusal") % facts,
        paragraphs=[_("They hear from us on %(day)s. Until then the appeal waits for a sales lead.") % facts],
        url=absolute(f"/desk/disputes/appeals/{appeal.pk}/"),
        action=_("Decide about it"),
        why=to_sales(),
    )


@letter("referrals.appeal_answered")
def appeal_refused(appeal: Appeal) -> Letter:
    """One and the same for every cause and every person: it carries no fact but the link."""
    return Letter(
        subject=_("Your appeal: we can’t take this introduction"),
        paragraphs=[_("We looked again. We can’t take this introduction."), str(NEUTRAL)],
        after=[_("One appeal is possible against each answer. You may introduce somebody else.")],
        why=to_partner(),
    )


@letter("referrals.appeal_answered")
def appeal_accepted(appeal: Appeal) -> Letter:
    referral = appeal.referral
    assert referral is not None
    facts = {"person": referral.person_name, "day": weekday_day(referral.claim_last_on)}
    return Letter(
        subject=_("Your appeal: %(person)s is registered") % facts,
        paragraphs=[_("We looked again: %(person)s is registered for you from today.") % facts],
        url=page_of(referral),
        action=_("Propose a meeting"),
        after=[_("Hold the first meeting by %(day)s.") % facts],
        why=to_partner(),
    )

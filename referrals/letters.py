"""The words of every mail about referrals: what happened, what it means, one action, why they get it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referrals import rules
from referrals.models import (
    Confirmation,
    ConfirmationAnswer,
    Introduction,
    Referral,
)
from ssp.core.links import absolute, token_of
from ssp.core.periods import local_date
from ssp.core.templatetags.ssp import day, time_range, weekday_day


@dataclass(frozen=True)
class Letter:
    """One mail; the HTML and the text part say the same."""

    subject: str
    paragraphs: list[str]
    why: str
    url: str = ""
    action: str = ""
    after: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """A letter that is still to be written: for each reader anew, in their language and by their clock."""

    kind: str
    write: Callable[[], Letter]


@dataclass(frozen=True)
class letter:  # noqa: N801 - a decorator
    """Name the kind of mail (`referrals.mails`) that the decorated function writes."""

    kind: str | Callable[..., str]

    def __call__[**P](self, write: Callable[P, Letter]) -> Callable[P, Draft]:
        @wraps(write)
        def draft(*args: P.args, **kwargs: P.kwargs) -> Draft:
            name = self.kind if isinstance(self.kind, str) else self.kind(*args, **kwargs)
            return Draft(kind=name, write=partial(write, *args, **kwargs))

        return draft


def page_of(referral: Referral) -> str:
    return absolute(referral.get_absolute_url())


def desk_page_of(referral: Referral) -> str:
    return absolute(f"/desk/referrals/{referral.pk}/")


def objection_link(referral: Referral) -> str:
    token = token_of("objection", referral.objection_salt)
    return absolute(reverse("referrals:object", args=[token]))


def to_partner() -> str:
    """Say why a partner gets this."""
    return _("You get this because you are a sales partner of SeMI.")


def to_sales() -> str:
    """Say why somebody at the desk gets this."""
    return _("You get this because you work on SeMI's referral desk.")


# --- to the referred person ---------------------------------------------------------
def _privacy(referral: Referral) -> list[str]:
    passed_on = {"name": referral.partner.display_name}
    who = (
        _("A colleague of yours named you to us; %(name)s had introduced us to them.") % passed_on
        if referral.root_id
        else _("%(name)s passed your name, work e-mail, role and company on to us.") % passed_on
    )
    return [
        who
        + " "
        + _(
            "The reason: they think a conversation with SeMI, the company behind Weaviate, is useful to you."
        ),
        _(
            "We keep these details for this purpose alone. If nothing comes of it, we remove "
            "them 12 months after "
            "the last contact; if you object, at once."
        ),
    ]


@letter("referrals.privacy_notice")
def privacy_notice(referral: Referral) -> Letter:
    return Letter(
        subject=_("%(name)s would like to introduce you to SeMI") % {"name": referral.partner.display_name},
        paragraphs=[_("Hello %(name)s,") % {"name": referral.first_name}, *_privacy(referral)],
        links=[(_("Object: end contact and remove my details"), objection_link(referral))],
        after=[_("You need not do anything else. An invitation to a first meeting may follow.")],
        why=_("You get this because the law and our own rules say you must know who passed on your details."),
    )


def _meeting(introduction: Introduction) -> list[str]:
    return [
        _("%(day)s, %(time)s. %(medium)s: %(place)s")
        % {
            "day": weekday_day(introduction.starts_at),
            "time": time_range(introduction.starts_at, introduction.ends_at, named=True),
            "medium": introduction.get_medium_display(),
            "place": introduction.place or "–",
        }
    ]


@letter("referrals.meeting")
def invitation(introduction: Introduction, to: str) -> Letter:
    referral = introduction.referral
    facts = {
        "person": referral.person_name,
        "company": referral.company.name,
        "host": introduction.host.full_name,
        "partner": referral.partner.display_name,
        "day": weekday_day(introduction.starts_at),
    }
    moved = introduction.calendar_sequence > 0
    subject = (
        _("Moved to %(day)s: %(company)s and SeMI")
        if moved
        else _("Introduction of %(company)s and SeMI, %(day)s")
    ) % facts
    titles = ", ".join(f"“{title}”" for title in introduction.use_cases.values_list("title", flat=True))
    about = [_("To talk about: %(titles)s.") % {"titles": titles}] if titles else []
    if to == "person":
        return Letter(
            subject=subject,
            paragraphs=[
                _("Hello %(name)s,") % {"name": referral.first_name},
                _("%(partner)s has arranged a meeting for you with %(host)s of SeMI.") % facts,
                *_meeting(introduction),
                *about,
                *_privacy(referral),
            ],
            links=[(_("Object: end contact and remove my details"), objection_link(referral))],
            after=[_("The calendar entry is attached.")],
            why=_("You get this because %(partner)s introduced you to SeMI.") % facts,
        )
    first = (
        _("You host the introduction meeting with %(person)s of %(company)s, introduced by %(partner)s.")
        if to == "host"
        else _("Your meeting with %(person)s of %(company)s is booked; %(host)s hosts it.")
    ) % facts
    return Letter(
        subject=subject,
        paragraphs=[first, *_meeting(introduction), *about],
        url=desk_page_of(referral) if to == "host" else page_of(referral),
        action=_("Open the referral"),
        after=[_("After the meeting we ask you what type of referral it was.")],
        why=to_sales() if to == "host" else to_partner(),
    )


@letter("referrals.meeting")
def cancellation(introduction: Introduction, to: str) -> Letter:
    referral = introduction.referral
    facts = {"company": referral.company.name, "day": weekday_day(introduction.starts_at)}
    person = to == "person"
    return Letter(
        subject=_("Cancelled: %(company)s and SeMI, %(day)s") % facts,
        paragraphs=[
            _("The introduction meeting of %(company)s and SeMI on %(day)s was cancelled.") % facts,
            _("The attached entry takes it out of your calendar."),
        ],
        links=[(_("Object: end contact and remove my details"), objection_link(referral))] if person else [],
        url="" if person else (desk_page_of(referral) if to == "host" else page_of(referral)),
        action=_("Open the referral"),
        why=_("You get this because you were invited to the meeting."),
    )


@letter("referrals.meeting")
def host_replaced(introduction: Introduction) -> Letter:
    facts = {"company": introduction.referral.company.name, "day": weekday_day(introduction.starts_at)}
    return Letter(
        subject=_("Somebody else hosts: %(company)s and SeMI, %(day)s") % facts,
        paragraphs=[
            _("The introduction meeting of %(company)s and SeMI on %(day)s has another host now.") % facts,
            _("The attached entry takes it out of your calendar."),
        ],
        why=_("You get this because you were invited to the meeting."),
    )


# --- the question of C14 --------------------------------------------------------------
@letter("referrals.confirmation")
def confirmation(row: Confirmation, reminder: int) -> Letter:
    introduction = row.introduction
    referral = introduction.referral
    host = row.asked == Confirmation.Asked.HOST
    facts = {
        "person": referral.person_name,
        "company": referral.company.name,
        "day": weekday_day(introduction.starts_at),
        "date": day(introduction.starts_at),
        "escalated": weekday_day(rules.escalated_on(local_date(row.asked_at))),
        "stands": weekday_day(rules.partner_decides_on(local_date(row.asked_at))),
        "host": introduction.host.full_name,
    }
    subject = (
        _("Reminder: what type of referral was %(person)s, %(date)s?")
        if reminder
        else _("What type of referral was %(person)s, %(date)s?")
    ) % facts
    return Letter(
        subject=subject,
        paragraphs=[
            _("The meeting with %(person)s of %(company)s on %(day)s has ended.") % facts,
            _(
                "Your answer decides what follows: which use cases were discussed, and whether "
                "their windows open."
            )
            if host
            else _("%(host)s is asked as well, and their answer decides. Yours stands if they stay silent.")
            % facts,
        ],
        url=absolute(reverse("referrals:confirm", args=[token_of("confirmation", row.token_salt)])),
        action=_("Answer for %(person)s") % facts,
        after=[
            _("If you don’t answer, we remind you, and on %(escalated)s a sales lead is asked.") % facts
            if host
            else _("Silence never counts against you. From %(stands)s your own answer stands.") % facts,
            _("Opening the link changes nothing."),
        ],
        why=_("You get this because you hosted the meeting (C14).")
        if host
        else _("You get this because you introduced this person (C14)."),
    )


@letter("referrals.to_settle")
def escalation(row: Confirmation) -> Letter:
    introduction = row.introduction
    facts = {"person": introduction.referral.person_name, "host": introduction.host.full_name}
    return Letter(
        subject=_("No answer about %(person)s for 6 working days") % facts,
        paragraphs=[
            _("%(host)s has not said what type of referral %(person)s was.") % facts,
            _("A sales lead may answer now. After 15 working days the partner’s own answer stands."),
        ],
        url=absolute("/desk/confirmations/"),
        action=_("See open confirmations"),
        why=to_sales(),
    )


OUTCOMES = {
    ConfirmationAnswer.WARM: gettext_lazy("%(person)s is warm, and yours for good."),
    ConfirmationAnswer.NOT_WARM: gettext_lazy(
        "%(person)s was not warm. A later meeting by video or in person can still make it so."
    ),
    ConfirmationAnswer.RESELLER: gettext_lazy(
        "%(company)s wants to resell. That closes this introduction’s open use cases; a "
        "deal already won keeps paying."
    ),
    ConfirmationAnswer.DID_NOT_TAKE_PLACE: gettext_lazy(
        "The meeting did not take place. Propose a new time."
    ),
}


@letter("referrals.decision")
def decided(row: Confirmation) -> Letter:
    introduction = row.introduction
    referral = introduction.referral
    facts = {"person": referral.person_name, "company": referral.company.name}
    until = rules.contest_until(local_date(row.answered_at)) if row.answered_at else None
    windows = [
        _("“%(title)s”: last day to sign %(day)s.") % {"title": u.title, "day": weekday_day(u.window_ends_on)}
        for u in introduction.use_cases.filter(
            discussions__discussed=True, window_ends_on__isnull=False
        ).distinct()
    ]
    paragraphs = [OUTCOMES[ConfirmationAnswer(row.answer)] % facts, *windows]
    if row.reason:
        paragraphs.append(_("The reason given: %(reason)s") % {"reason": row.reason})
    host = row.asked == Confirmation.Asked.HOST
    return Letter(
        subject=_("%(person)s: %(answer)s") % {**facts, "answer": row.get_answer_display()},
        paragraphs=paragraphs,
        url=page_of(referral),
        action=_("See the referral"),
        after=[_("You may contest this until %(day)s; sales leads settle.") % {"day": weekday_day(until)}]
        if host
        else [_("The host stayed silent, so your own answer stands.")],
        why=to_partner(),
    )


@letter("referrals.to_settle")
def contested(row: Confirmation) -> Letter:
    facts = {
        "person": row.introduction.referral.person_name,
        "partner": row.introduction.referral.partner.display_name,
    }
    return Letter(
        subject=_("Contested: the answer about %(person)s") % facts,
        paragraphs=[
            _("%(partner)s contests the answer about %(person)s.") % facts,
            _("A sales lead settles it; the partner reads the reason."),
        ],
        url=absolute(f"/desk/confirmations/{row.pk}/settle/"),
        action=_("Settle it"),
        why=to_sales(),
    )


@letter("referrals.decision")
def settled(row: Confirmation) -> Letter:
    facts = {"person": row.introduction.referral.person_name, "answer": row.get_answer_display()}
    return Letter(
        subject=_("Settled: %(person)s, %(answer)s") % facts,
        paragraphs=[
            _("A sales lead has settled what you contested. The answer about %(person)s is: %(answer)s.")
            % facts,
            row.settlement,
        ],
        url=page_of(row.introduction.referral),
        action=_("See the referral"),
        why=to_partner(),
    )


# --- to the partner, about the claim ----------------------------------------------------
@letter("referrals.registered_for_you")
def registered_for_you(referral: Referral) -> Letter:
    facts = {"person": referral.person_name, "day": weekday_day(referral.claim_last_on)}
    return Letter(
        subject=_("Confirm that you introduce %(person)s") % facts,
        paragraphs=[
            _("A seller registered %(person)s in your name. Nothing is sent to them before you confirm it.")
            % facts
        ],
        url=page_of(referral),
        action=_("Look and confirm"),
        after=[_("Without a meeting the claim lapses after %(day)s.") % facts],
        why=to_partner(),
    )


@letter("referrals.name_checked")
def accepted(referral: Referral) -> Letter:
    facts = {"person": referral.person_name, "day": weekday_day(referral.claim_last_on)}
    return Letter(
        subject=_("%(person)s is registered: first meeting by %(day)s") % facts,
        paragraphs=[_("We checked the name by hand: %(person)s is registered for you.") % facts],
        url=page_of(referral),
        action=_("Propose a meeting"),
        after=[_("Hold the first meeting by %(day)s.") % facts],
        why=to_partner(),
    )


NEUTRAL = gettext_lazy(
    "This person has not been registered, and nobody was written to. Everyone we "
    "can’t take gets this same answer, "
    "whatever the cause, so the form can’t be used to find out whom SeMI knows."
)


@letter("referrals.name_checked")
def not_eligible(referral: Referral) -> Letter:
    return Letter(
        subject=_("We can’t take this introduction: %(person)s") % {"person": referral.person_name},
        paragraphs=[
            _("We can’t take this introduction."),
            str(NEUTRAL),
            _("You may introduce someone else at %(company)s.") % {"company": referral.company.name},
        ],
        why=to_partner(),
    )


@letter("referrals.claim_ended")
def lapsed(referral: Referral) -> Letter:
    facts = {"person": referral.person_name, "day": weekday_day(referral.claim_last_on)}
    return Letter(
        subject=_("Your claim on %(person)s ended on %(day)s") % facts,
        paragraphs=[_("No introduction meeting was held by %(day)s, so the claim has lapsed (C12).") % facts],
        url=page_of(referral),
        action=_("See the referral"),
        why=to_partner(),
    )


@letter("referrals.objected")
def objected(referral: Referral) -> Letter:
    facts = {"company": referral.company.name, "day": day(referral.objected_at)}
    return Letter(
        subject=_("A person at %(company)s objected: don’t contact them") % facts,
        paragraphs=[
            _("On %(day)s a person at %(company)s objected to being contacted. Their details are removed.")
            % facts,
            _("Don’t contact them about SeMI any more. What you have earned stays yours."),
        ],
        why=to_partner(),
    )


@letter("referrals.to_settle")
def name_overdue(referral: Referral) -> Letter:
    return Letter(
        subject=_("A name waits longer than 2 working days: %(person)s") % {"person": referral.person_name},
        paragraphs=[_("Compare the name by hand. After 5 working days the registration is accepted (C10).")],
        url=desk_page_of(referral),
        action=_("Compare the name"),
        why=to_sales(),
    )

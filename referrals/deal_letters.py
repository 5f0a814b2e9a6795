"""The letters about windows, use cases and deals."""

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from referrals import rules
from referrals.letters import Letter, desk_page_of, letter, page_of, to_partner, to_sales
from referrals.models import (
    Deal,
    UseCase,
    UseCaseComment,
    UseCaseLink,
    WindowExtension,
)
from referrals.models.deals import SAME_NEED
from referrals.windows import late_note
from ssp.core.links import absolute
from ssp.core.templatetags.ssp import day, weekday_day


def _kind_of_reminder(use_case: UseCase, to: str, on: date) -> str:
    """The last reminder always comes; who wants to may do without the earlier ones."""
    assert use_case.window_ends_on is not None
    is_last = (use_case.window_ends_on - on).days <= min(rules.WINDOW_REMINDERS)
    return "referrals.last_deadline" if is_last else "referrals.deadline"


@letter(_kind_of_reminder)
def window_reminder(use_case: UseCase, to: str, on: date) -> Letter:
    assert use_case.referral is not None and use_case.window_ends_on is not None
    left = (use_case.window_ends_on - on).days
    facts = {
        "company": use_case.referral.company.name,
        "title": use_case.title,
        "left": left,
        "day": weekday_day(use_case.window_ends_on),
    }
    return Letter(
        subject=_("%(company)s: %(left)d days left to sign") % facts
        if left != 1
        else _("%(company)s: 1 day left to sign") % facts,
        paragraphs=[
            _("The last day on which a deal about “%(title)s” may be signed is %(day)s.") % facts,
            _("What counts is the day the customer signs, not the day somebody records it."),
        ],
        url=page_of(use_case.referral) if to == "partner" else desk_page_of(use_case.referral),
        action=_("Open the referral"),
        why=to_partner() if to == "partner" else to_sales(),
    )


@letter("referrals.window_extended")
def window_extended(extension: WindowExtension, to: str) -> Letter:
    use_case = extension.use_case
    assert use_case.referral is not None and use_case.window_ends_on is not None
    deal = use_case.deal
    facts = {
        "company": use_case.referral.company.name,
        "title": use_case.title,
        "before": day(extension.original_last_on),
        "day": weekday_day(use_case.window_ends_on),
        "last": day(use_case.window_ends_on),
        "director": extension.director.full_name,
        "signed": day(deal.signed_on) if deal.signed_on else "",
    }
    paragraphs = [
        _(
            "%(director)s extended the window of “%(title)s”. The last day to sign was %(before)s; "
            "it is now %(day)s."
        )
        % facts,
        _("The reason: %(reason)s") % {"reason": extension.reason},
    ]
    if deal.is_within_window():
        paragraphs.append(
            _(
                "The deal was signed on %(signed)s, which is now in time: it pays commission, also on "
                "payments that SeMI has already received."
            )
            % facts
        )
    elif deal.signed_on:
        paragraphs.append(
            _("The deal was signed on %(signed)s, which is still after the last day: it pays no commission.")
            % facts
        )
    else:
        paragraphs.append(_("A window is extended once, so this last day stays."))
    return Letter(
        subject=_("%(company)s: the last day to sign is now %(last)s") % facts,
        paragraphs=paragraphs,
        url=page_of(use_case.referral) if to == "partner" else desk_page_of(use_case.referral),
        action=_("Open the referral"),
        why=to_partner() if to == "partner" else to_sales(),
    )


@letter("referrals.use_case_commented")
def use_case_commented(comment: UseCaseComment) -> Letter:
    use_case = comment.use_case
    assert use_case.referral is not None
    facts = {
        "who": comment.author.full_name,
        "title": use_case.title,
        "company": use_case.referral.company.name,
    }
    for_sales = comment.is_from_partner
    page = (
        f"/desk/use-cases/{use_case.pk}/" if for_sales else reverse("referrals:use_case", args=[use_case.pk])
    )
    return Letter(
        subject=_("%(company)s: a comment on “%(title)s”") % facts,
        paragraphs=[
            _("%(who)s commented on the use case “%(title)s”:") % facts,
            *(line for line in comment.text.splitlines() if line.strip()),
        ],
        url=absolute(page),
        action=_("Read it and answer"),
        after=[] if for_sales else [_("The use case stays as you defined it: nobody can rewrite it (C8).")],
        why=to_sales() if for_sales else to_partner(),
    )


@letter("referrals.deal_won")
def deal_won(deal: Deal) -> Letter:
    use_case = deal.use_case
    assert use_case.referral is not None and deal.signed_on is not None
    facts = {
        "company": use_case.referral.company.name,
        "title": use_case.title,
        "day": day(deal.signed_on),
        "last": day(use_case.window_ends_on),
    }
    first = (
        _("%(company)s signed on %(day)s: the deal about “%(title)s” is won in time.")
        if deal.is_within_window()
        else _("%(company)s signed: the deal about “%(title)s” is won, after its window.")
    ) % facts
    return Letter(
        subject=_("Won: %(company)s, signed on %(day)s") % facts,
        paragraphs=[first] if deal.is_within_window() else [first, late_note(deal)],
        url=page_of(use_case.referral),
        action=_("See the referral"),
        why=to_partner(),
    )


@letter("referrals.same_need")
def same_need(link: UseCaseLink, what: str, to: str) -> Letter:
    """Tell a partner what a link means for them: nobody else, no day and no reason is in it."""
    use_case = link.paying if to == "paying" else link.duplicate
    assert use_case.referral is not None
    facts = {
        "company": use_case.referral.company.name,
        "title": use_case.title,
        "day": weekday_day(use_case.window_ends_on),
    }
    if to == "paying":
        subject = _("%(company)s: “%(title)s” stays as it is") % facts
        paragraphs = [
            _(
                "A sales lead looked at what was introduced at %(company)s. Nothing changes for your use "
                "case “%(title)s”: it pays as agreed."
            )
            % facts
        ]
    elif what == "linked":
        subject = _("%(company)s: “%(title)s” is closed") % facts
        paragraphs = [
            _("A sales lead looked at what was introduced at %(company)s and closed “%(title)s”.") % facts,
            str(SAME_NEED),
            _(
                "The person you introduced stays yours, and another need of the company is a use case of "
                "its own. If yours is a different need, tell your contact at SeMI: a sales lead can take "
                "this back."
            ),
        ]
    else:
        subject = _("%(company)s: “%(title)s” is open again") % facts
        paragraphs = [
            _("A sales lead opened “%(title)s” again. It counts as if it had never been closed.") % facts,
            _("The last day to sign is still %(day)s.") % facts,
        ]
    return Letter(
        subject=subject,
        paragraphs=paragraphs,
        url=page_of(use_case.referral),
        action=_("Open the referral"),
        why=to_partner(),
    )

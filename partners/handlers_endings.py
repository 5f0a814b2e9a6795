"""What the outbox delivers about the end of a partnership: the mails to both sides. Each look comes first: a
notice that was taken back meanwhile isn't told as if it ran.
"""

from collections.abc import Callable

from django.urls import reverse

from partners import letters_endings as letters
from partners import queries
from partners.consequences import consequences_of, of_ending
from partners.letters_endings import Letter
from partners.models import Ending
from ssp.core import clock, emails, outbox
from ssp.core.links import absolute
from ssp.core.models import OutboxMessage, User


def _ending(message: OutboxMessage) -> Ending:
    return Ending.objects.select_related(
        "partner__user", "partner__recruiter__user", "contract", "given_by"
    ).get(pk=message.payload["ending_id"])


def _send(message: OutboxMessage, letter: Letter, to: User, *, key: str) -> None:
    context = {"letter": letter, "name": to.first_name}
    emails.send("partners/emails/ending", to=[to.email], context=context, key=f"{message.key}:{key}")


def _to_directors(message: OutboxMessage, ending: Ending, write: Callable[[str], Letter]) -> None:
    url = absolute(reverse("admin:partners_ending_decide", args=[ending.pk]))
    for director in queries.directors_who_may_end(ending.partner):
        _send(message, write(url), director, key=str(director.pk))


def _partners_page() -> str:
    return absolute(reverse("partners:partnership"))


@outbox.handles("partners.notice_given")
def confirm_notice(message: OutboxMessage) -> None:
    """Confirm a notice to both sides, with what follows from it."""
    ending = _ending(message)
    if not ending.is_standing:
        return
    theirs, ours = (
        consequences_of(of_ending(ending, at=clock.now(), theirs=theirs)) for theirs in (True, False)
    )
    letter = letters.notice_to_partner(ending, theirs, url=_partners_page())
    _send(message, letter, ending.partner.user, key="partner")
    _to_directors(message, ending, lambda url: letters.notice_to_director(ending, ours, url=url))


@outbox.handles("partners.notice_taken_back")
def confirm_that_it_goes_on(message: OutboxMessage) -> None:
    ending = _ending(message)
    letter = letters.taken_back(ending, to_partner=True, url=_partners_page())
    _send(message, letter, ending.partner.user, key="partner")
    _to_directors(message, ending, lambda url: letters.taken_back(ending, to_partner=False, url=url))


@outbox.handles("partners.cause_proposed")
def ask_for_the_second_director(message: OutboxMessage) -> None:
    """Ask every other director who may confirm it; the partner isn't told of what may never happen."""
    ending = _ending(message)
    if not ending.is_proposed:
        return
    url = absolute(reverse("admin:partners_ending_decide", args=[ending.pk]))
    for director in queries.directors_who_may_end(ending.partner):
        if director.pk != ending.given_by_id:
            _send(message, letters.to_confirm(ending, url=url), director, key=str(director.pk))


@outbox.handles("partners.ended")
def tell_that_it_is_over(message: OutboxMessage) -> None:
    """Tell both sides that the partnership is over, and what runs on."""
    ending = _ending(message)
    theirs, ours = (
        consequences_of(of_ending(ending, at=clock.now(), theirs=theirs)) for theirs in (True, False)
    )
    letter = letters.over_to_partner(ending, theirs, url=_partners_page())
    _send(message, letter, ending.partner.user, key="partner")
    _to_directors(message, ending, lambda url: letters.over_to_director(ending, ours, url=url))

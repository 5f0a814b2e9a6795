"""What the outbox delivers about statements and contested entries."""

from django.urls import reverse

from commissions.models import ContestedEntry, Statement, StatementKind
from ssp.core import emails, links, outbox
from ssp.core.models import OutboxMessage, User
from ssp.core.roles import Role


@outbox.handles("commissions.statement_ready")
def mail_statement_ready(message: OutboxMessage) -> None:
    """Tell the partner that a month's statement, or a cancellation, is there."""
    statement = Statement.objects.select_related("partner__user", "payout").get(
        pk=message.payload["statement_id"]
    )
    cancelled = statement.kind == StatementKind.CANCELLATION
    emails.send(
        "commissions/emails/statement_cancelled" if cancelled else "commissions/emails/statement_ready",
        to=[statement.partner.user.email],
        context={
            "statement": statement,
            "name": statement.partner.user.first_name,
            "url": links.absolute(reverse("commissions:statement", args=[statement.number])),
        },
        key=message.key,
    )


@outbox.handles("commissions.entry_contested")
def mail_contested(message: OutboxMessage) -> None:
    """Tell finance that somebody waits for an answer."""
    _mail_hands(message, "commissions/emails/entry_contested", Role.FINANCE)


@outbox.handles("commissions.contest_overdue")
def mail_overdue(message: OutboxMessage) -> None:
    """Tell the directors that an answer didn't come in time."""
    _mail_hands(message, "commissions/emails/contest_overdue", Role.DIRECTOR)


@outbox.handles("commissions.contest_answered")
def mail_answer(message: OutboxMessage) -> None:
    """Tell the partner what was answered."""
    contest = _contest(message)
    user = contest.commission.partner.user
    emails.send(
        "commissions/emails/contest_answered",
        to=[user.email],
        context={
            "contest": contest,
            "entry": contest.commission,
            "name": user.first_name,
            "url": links.absolute(reverse("commissions:contested", args=[contest.pk])),
        },
        key=message.key,
    )


def _mail_hands(message: OutboxMessage, template: str, role: Role) -> None:
    contest = _contest(message)
    hands = User.objects.with_role(role).exclude(pk=contest.contested_by_id)
    emails.send(
        template,
        to=list(hands.order_by("pk").values_list("email", flat=True)),
        context={
            "contest": contest,
            "entry": contest.commission,
            "partner": contest.commission.partner,
            "url": links.absolute(reverse("commissions:contested_entry", args=[contest.pk])),
        },
        key=message.key,
    )


def _contest(message: OutboxMessage) -> ContestedEntry:
    return ContestedEntry.objects.with_all().get(pk=message.payload["contest_id"])

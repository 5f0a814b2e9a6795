"""Contested entries: the partner asks, finance answers, both read the thread."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commissions import contests as services
from commissions import queries
from commissions import queries_statements as reads
from commissions.explain import Explained, explain
from commissions.forms_contests import AnswerForm, ContestForm
from commissions.models import Commission, ContestedEntry, Statement
from commissions.rules.contests import ANSWER_WITHIN, answer_by
from partners.access import PartnerRequest, partner_required
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.roles import Role
from ssp.core.templatetags.ssp import weekday_day

SHOWN = 100
A_NUMBER = re.compile(r"M?\d{4}-\d{4,9}")


@require_http_methods(["GET", "POST"])
@partner_required
def contest(request: PartnerRequest, pk: int) -> HttpResponse:
    """Let a partner say what is wrong with one of their entries."""
    entry = get_object_or_404(queries.entries(request.partner), pk=pk)
    waits = ContestedEntry.objects.open().filter(commission=entry).first()
    if waits and request.method != "POST":
        return redirect("commissions:contested", waits.pk)
    statement = _read_in(request, entry)
    form = ContestForm(request.POST or None)
    if form.is_valid():
        with form.showing(DomainError):
            made = services.contest_entry(
                entry=entry,
                statement=statement,
                text=form.cleaned_data["text"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(
                request, _("You contest it. Finance answers by %s.") % weekday_day(made.answer_by)
            )
            return redirect("commissions:contested", made.pk)
    context = {
        "e": explain(entry, on=clock.today()),
        "form": form,
        "statement": statement,
        "answer_by": answer_by(clock.today()),
        "within": ANSWER_WITHIN,
        "earlier": ContestedEntry.objects.filter(commission=entry, answered_at__isnull=False).last(),
        "nav": "commissions:earnings",
    }
    return render(request, "commissions/contest.html", context)


def _read_in(request: HttpRequest, entry: Commission) -> Statement | None:
    """Return the statement that the address names, if it is the same partner's."""
    number = request.GET.get("statement", "")
    if not A_NUMBER.fullmatch(number):
        return None
    return Statement.objects.numbered(number).filter(partner=entry.partner_id).first()


@require_safe
@partner_required
def contested(request: PartnerRequest, pk: int) -> HttpResponse:
    """Show a partner what they contested, and the answer."""
    rows = ContestedEntry.objects.of_partner(request.partner).with_all()
    row = get_object_or_404(rows, pk=pk)
    return render(
        request,
        "commissions/contested.html",
        {**_thread(row), "is_last": not _later(row), "nav": "commissions:earnings"},
    )


@require_safe
@role_required(Role.FINANCE, Role.DIRECTOR)
def contested_entries(request: StaffRequest) -> HttpResponse:
    """List what waits for an answer, the oldest on top, and what was answered."""
    today = clock.today()
    answered = request.GET.get("state") == "answered"
    found = (reads.answered() if answered else reads.waiting()).exclude(contested_by=request.user)
    context = {
        "rows": [(row, explain(_whole(row), on=today, for_desk=True)) for row in found[:SHOWN]],
        "answered": answered,
        "views": [
            {"label": _("Open"), "url": "?state=open", "current": not answered},
            {"label": _("Answered"), "url": "?state=answered", "current": answered},
        ],
        "nav": "commissions:contested_entries",
    }
    return render(request, "commissions/contested_entries.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Role.FINANCE, Role.DIRECTOR)
def contested_entry(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the entry, its sum and what is contested; finance or a director answers, once."""
    row = get_object_or_404(ContestedEntry.objects.with_all(), pk=pk)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with form.showing(DomainError):
            services.answer_contest(
                contest=row,
                agreed=form.cleaned_data["decision"] == "agreed",
                answer=form.cleaned_data["answer"],
                follows=form.cleaned_data["follows"],
                by=request.user,
                at=clock.now(),
            )
            messages.success(request, _("Answered. %s is told.") % row.commission.partner)
            return redirect("commissions:contested_entry", pk)
    why_not = ""
    if row.is_open:
        try:
            services.check_answers(row, request.user)
        except DomainError as refusal:
            why_not = str(refusal)
    context = {
        **_thread(row, for_desk=True),
        "form": form,
        "why_not": why_not,
        "nav": "commissions:contested_entries",
    }
    return render(request, "commissions/contested_entry.html", context)


def _whole(row: ContestedEntry) -> Commission:
    return queries.entries(row.commission.partner).get(pk=row.commission_id)


def _later(row: ContestedEntry) -> bool:
    return ContestedEntry.objects.filter(commission=row.commission_id, pk__gt=row.pk).exists()


def _thread(row: ContestedEntry, *, for_desk: bool = False) -> dict[str, Any]:
    """Return the entry explained, and everything that was said about it, the newest on top."""
    entry = _whole(row)
    explained: Explained = explain(entry, on=clock.today(), for_desk=for_desk)
    items: list[dict[str, Any]] = []
    for each in ContestedEntry.objects.filter(commission=entry).with_all().order_by("-contested_at", "-pk"):
        if each.answered_at:
            items.append({"what": "answer", "on": each.answered_at, "contest": each})
        elif each.escalated_at:
            items.append({"what": "escalated", "on": each.escalated_at, "contest": each})
        else:
            items.append({"what": "due", "on": each.answer_by, "contest": each})
        items.append({"what": "contest", "on": each.contested_at, "contest": each})
    items.append({"what": "entry", "on": entry.recorded_at, "contest": None})
    return {"contest": row, "entry": entry, "e": explained, "items": items}

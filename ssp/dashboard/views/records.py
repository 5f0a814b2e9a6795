"""A company with everyone inside it, and a partner with everyone they introduced."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.models import Partner
from referrals.models import Company
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.roles import DESK_ROLES
from ssp.dashboard import records, timelines
from ssp.dashboard.figure_tables import ENOUGH, share
from ssp.dashboard.views.notes import notes_for


@role_required(*DESK_ROLES)
@require_safe
def company(request: StaffRequest, pk: int) -> HttpResponse:
    """Show everyone inside a company, whose they are, what they need, and whom SeMI knew there (C18)."""
    row = get_object_or_404(Company, pk=pk)
    contacts = records.contacts_at(row)
    notes = notes_for(request, row)
    context = {
        "company": row,
        "people": records.people_at(row),
        "needs": records.needs_at(row),
        "contacts": contacts[: records.CONTACTS_SHOWN],
        "contacts_count": contacts.count(),
        "notes": notes,
        "timeline": timelines.of_company(row, on=clock.today(), with_notes=notes is not None),
        "nav": "desk:home",
    }
    return render(request, "dashboard/company.html", context)


def _of(n: int, registered: int) -> str:
    if registered < ENOUGH:
        return _("of %(n)d registered") % {"n": registered}
    return _("%(share)s of %(n)d registered") % {"share": share(n, registered).text, "n": registered}


@role_required(*DESK_ROLES)
@require_safe
def partner(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what a partner's introductions came to, how promptly, and what comes next."""
    row = get_object_or_404(
        Partner.objects.select_related("user", "recruiter"), pk=pk, started_at__isnull=False
    )
    now, today = clock.now(), clock.today()
    done = records.performance_of(row, on=today)
    notes = notes_for(request, row)
    context = {
        "partner": row,
        "is_active": row.is_active(at=now),
        "people": records.people_of(row),
        "kpis": [
            {"label": _("Registered"), "value": done.registered, "context": _("in the last 12 months")},
            *(
                {
                    "label": label,
                    "value": value,
                    "context": _of(value, done.registered),
                }
                for label, value in ((_("Met"), done.met), (_("Warm"), done.warm), (_("Won"), done.won))
            ),
        ],
        "promptness": records.promptness_of(row, done, on=today),
        "figures_url": f"{reverse('desk:figures')}?partner={row.pk}",
        "meetings": records.next_meetings(row, at=now),
        "notes": notes,
        "timeline": timelines.of_partner(row, on=today, with_notes=notes is not None),
        "nav": "desk:home",
    }
    return render(request, "dashboard/partner.html", context)

"""People who ask what SeMI holds about them: found by their address, answered with a file."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from referrals import person_papers
from referrals.services.people import export_person, look_person_up
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.roles import Role
from ssp.dashboard.forms_people import PersonRecordForm, PersonSearchForm

ANSWERS_PEOPLE = (Role.SALES_LEAD, Role.ADMINISTRATOR)
PAPERS = {
    "json": (person_papers.as_json, "application/json"),
    "pdf": (person_papers.as_pdf, "application/pdf"),
}


@role_required(*ANSWERS_PEOPLE)
@require_http_methods(["GET", "POST"])
def people(request: StaffRequest) -> HttpResponse:
    """Search by address. The address is posted: it stands in no log and no history."""
    form = PersonSearchForm(request.POST if request.method == "POST" else None)
    record = None
    if form.is_valid():
        record = look_person_up(email=form.cleaned_data["email"], by=request.user, at=clock.now())
    sections = (
        [
            (
                section.title,
                [[(k, person_papers.as_text(v)) for k, v in row.items()] for row in section.rows],
            )
            for section in record.sections
        ]
        if record
        else []
    )
    context = {"form": form, "record": record, "sections": sections, "nav": "desk:people"}
    answer = render(request, "dashboard/people_search.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@role_required(*ANSWERS_PEOPLE)
@require_POST
def person_record(request: StaffRequest) -> HttpResponse:
    """Hand everything out that is held about a person, as a file."""
    form = PersonRecordForm(request.POST)
    if not form.is_valid():
        context = {"form": PersonSearchForm(request.POST), "record": None, "nav": "desk:people"}
        return render(request, "dashboard/people_search.html", context)
    kind = form.cleaned_data["form"]
    record = export_person(email=form.cleaned_data["email"], form=kind, by=request.user, at=clock.now())
    write, mime = PAPERS[kind]
    answer = HttpResponse(write(record), content_type=mime)
    answer["Content-Disposition"] = f'attachment; filename="what-semi-holds-{record.made_at:%Y-%m-%d}.{kind}"'
    answer["Cache-Control"] = "no-store"
    return answer

"""The table of introductions: its rows, what is done with many of them, and files of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_countries import countries

from partners.models import Partner
from referrals import permissions
from referrals.services.sellers import assign_sellers
from ssp.core import clock, delivery
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.models import User
from ssp.core.roles import DESK_ROLES
from ssp.dashboard import exports, services
from ssp.dashboard import table as rows
from ssp.dashboard.filters import CLOSING, COLUMNS, ID, SORTS, STAGES, VIEWS, Filters
from ssp.dashboard.models import ExportFormat, SavedView, TableExport
from ssp.dashboard.permissions import READERS

UNSORTED = ("role", "country")
AT_ONCE = 200  # people that a form may name


# --- what is shown -------------------------------------------------------------------
def is_about_rows(request: HttpRequest) -> bool:
    """Tell whether htmx asks for the rows alone; its history wants the whole page again."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def answer_rows(request: StaffRequest, filters: Filters) -> HttpResponse:
    """Answer with the rows, and say what the address is now."""
    answer = render(request, "dashboard/table/rows.html", {**rows_shown(request, filters), "alone": True})
    answer["HX-Push-Url"] = address(filters)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def address(filters: Filters, **more: str) -> str:
    """Return the table's address with these filters."""
    said = filters.query + "".join(f"&{name}={value}" for name, value in more.items())
    return reverse("desk:home") + (f"?{said.removeprefix('&')}" if said else "")


def counted(n: int) -> str:
    """Return a number as it is shown: nobody counts very far."""
    return _("over %(n)s") % {"n": f"{rows.MANY:,}"} if n > rows.MANY else f"{n:,}"


def around(request: StaffRequest, filters: Filters) -> dict[str, Any]:
    """Return what stands above the rows and stays: views, and the form of the filters."""
    today = clock.today()
    partners = Partner.objects.filter(referrals__isnull=False).order_by("display_name", "pk").distinct()
    known = partners.order_by().values_list("country", flat=True)
    saved = list(SavedView.objects.open_to(request.user).order_by("name", "pk"))
    is_saved = any(view.query and view.query == filters.query for view in saved)
    return {
        "views": [
            {
                "label": label,
                "count": counted(rows.count_of(Filters(view=name), on=today)),
                "url": address(Filters(view=name)) + "#introductions",
                "current": filters.view == name and not is_saved,
            }
            for name, label in VIEWS.items()
        ]
        + [
            {
                "label": view.name,
                "count": None,
                "url": f"{reverse('desk:home')}?{view.query}#introductions",
                "current": bool(view.query) and filters.query == view.query,
            }
            for view in saved
        ],
        "sellers": permissions.hosts(),
        "partners": partners.only("pk", "display_name"),
        "countries": sorted((countries.name(code), code) for code in set(known)),
        "stages": STAGES.items(),
        "closings": CLOSING.items(),
        "all_columns": COLUMNS.items(),
        "orders": _orders(filters),
        "folded_filters": any(name in dict(filters.pairs) for name in FOLDED),
    }


FOLDED = (
    "country",
    "closing",
    "introduced_from",
    "introduced_until",
    "registered_from",
    "registered_until",
)


def _sort_label(name: str) -> str:
    labels = {"person": _("Person"), "company": _("Company")}
    return str(labels.get(name) or COLUMNS[name])


def _orders(filters: Filters) -> list[tuple[str, str, bool]]:
    """Return every order of the table: what the address says, in words, whether it is the present one."""
    found = []
    for name in SORTS:
        for down, words in ((False, _("%(column)s, upwards")), (True, _("%(column)s, downwards"))):
            is_now = filters.sort == name and filters.descending == down
            found.append((f"-{name}" if down else name, words % {"column": _sort_label(name)}, is_now))
    return found


def rows_shown(request: StaffRequest, filters: Filters) -> dict[str, Any]:
    """Return a page of rows with everything that changes with the filters."""
    today = clock.today()
    found = rows.searched(filters)
    after = request.GET.get("after", "")
    page = rows.page_of(found, after=after, on=today)
    matching = rows.count_of(found, on=today)
    shown = len(page.lines)
    return {
        "filters": filters,
        "lines": [{"line": line, **_told(line)} for line in page.lines],
        "columns": _columns(filters),
        "cleared_url": address(filters.cleared) + "#introductions",
        "text": ngettext("%(shown)s of the %(n)s that match", "%(shown)s of the %(n)s that match", shown)
        % {"shown": shown, "n": counted(matching)}
        + ", "
        + _order_in_words(filters),
        "first_url": address(filters) + "#introductions" if after else "",
        "next_url": address(filters, after=page.next) + "#introductions" if page.next else "",
        "next_label": _("Next %(n)s") % {"n": rows.PAGE},
        "team": permissions.hosts(),
        "may_assign": request.user.has_any_role(*DESK_ROLES),
        "takes_a_while": matching > services.ROWS_AT_ONCE,
    }


def _order_in_words(filters: Filters) -> str:
    if filters.sort == "ends":
        return _("what ends last on top") if filters.descending else _("what ends first on top")
    said = _("%(column)s downwards") if filters.descending else _("%(column)s upwards")
    return said % {"column": _sort_label(filters.sort)}


def _told(line: rows.Line) -> dict[str, Any]:
    tone, word = exports.status_of(line)
    return {"tone": tone, "word": word, "country": countries.name(line.referral.partner.country)}


def _columns(filters: Filters) -> list[dict[str, Any]]:
    return [
        {"name": name, "heads": [_head(filters, each) for each in heads]}
        for name, heads in (("person", ("person", "company")), *((name, (name,)) for name in filters.columns))
    ]


def _head(filters: Filters, name: str) -> dict[str, Any]:
    if name in UNSORTED:
        return {"label": COLUMNS[name], "url": ""}
    is_now = filters.sort == name
    return {
        "label": _sort_label(name),
        "url": address(filters.sorted_by(name)) + "#introductions",
        "now": ("descending" if filters.descending else "ascending") if is_now else "",
    }


# --- many at once -----------------------------------------------------------------------
def _chosen(request: StaffRequest) -> list[int]:
    said = request.POST.getlist("row")[:AT_ONCE]
    return sorted({int(each) for each in said if ID.fullmatch(each)})


@role_required(*DESK_ROLES)
@require_POST
def assign(request: StaffRequest) -> HttpResponse:
    """Make a colleague responsible for the people whose rows were ticked."""
    back = address(Filters.read(request.POST))
    chosen, said = _chosen(request), request.POST.get("new_seller", "")
    seller = User.objects.filter(pk=int(said)).first() if ID.fullmatch(said) else None
    if not chosen or seller is None:
        messages.warning(
            request, _("Nothing was changed. Tick at least one row, and choose who is responsible.")
        )
        return redirect(back)
    try:
        result = assign_sellers(referral_ids=chosen, seller=seller, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    if not result.refused:
        messages.success(request, _in_words(len(result.changed), len(result.unchanged), seller))
        return redirect(back)
    context = {
        "result": result,
        "done": _in_words(len(result.changed), len(result.unchanged), seller),
        "seller": seller,
        "back": back,
        "nav": "desk:home",
    }
    return render(request, "dashboard/table/assigned.html", context)


def _in_words(changed: int, unchanged: int, seller: User) -> str:
    said = ngettext(
        "%(name)s is responsible for %(n)s person now.",
        "%(name)s is responsible for %(n)s people now.",
        changed,
    ) % {"name": seller, "n": changed}
    if unchanged:
        said += " " + ngettext("%(n)s was theirs already.", "%(n)s were theirs already.", unchanged) % {
            "n": unchanged
        }
    return said


# --- files of it ---------------------------------------------------------------------------
@role_required(*READERS)
@require_POST
def export(request: StaffRequest) -> HttpResponseBase:
    """Send what is filtered as a file, or have it prepared when it is large."""
    filters = Filters.read(request.POST)
    back = address(filters)
    file_format = request.POST.get("format", "")
    if file_format not in ExportFormat.values:
        return redirect(back)
    if "picked" in request.POST:
        filters = filters.picked(_chosen(request))
        if not filters.only:
            messages.warning(request, _("Nothing was exported. Tick at least one row."))
            return redirect(back)
    try:
        noted = services.export_table(
            filters=filters, file_format=file_format, by=request.user, at=clock.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    if noted.is_prepared:
        return redirect("desk:exports")
    return _sent(noted, filters)


def _sent(noted: TableExport, filters: Filters) -> HttpResponseBase:
    """Return a file while its rows are read."""
    pieces = exports.pieces(rows.every_line(filters, on=noted.on), filters.columns, noted.format)
    answer = StreamingHttpResponse(pieces, content_type=exports.CONTENT_TYPES[noted.format])
    disposition = content_disposition_header(as_attachment=True, filename=noted.file_name)
    answer.headers["Content-Disposition"] = disposition or "attachment"
    return delivery.kept_by_nobody(answer)


@role_required(*READERS)
@require_GET
def prepared(request: StaffRequest) -> HttpResponse:
    """List one's own files: being prepared, with how far they are, or ready to be taken."""
    files = TableExport.objects.to_fetch(request.user, at=clock.now()).order_by("-requested_at", "-pk")
    listed = [{"export": each, "done": services.rows_done(each)} for each in files]
    context = {
        "files": listed,
        "waits": any(each["export"].finished_at is None for each in listed),  # type: ignore[attr-defined]
        "nav": "desk:home",
    }
    page = "dashboard/table/files.html" if is_about_rows(request) else "dashboard/table/exports.html"
    answer = render(request, page, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@role_required(*READERS)
@require_GET
def export_file(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Send a prepared file to who asked for it, and to nobody else."""
    files = TableExport.objects.to_fetch(request.user, at=clock.now()).filter(finished_at__isnull=False)
    row = get_object_or_404(files, pk=pk)
    private = delivery.PrivateFile(
        file=row.file,
        name=row.file_name,
        content_type=exports.CONTENT_TYPES[row.format],
        size=row.size,
        sha256=row.sha256,
    )
    return delivery.send(request, private)

"""Moving partners in: hand in a spreadsheet and its signed PDFs, look, press, and follow it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.admin.moving_forms import ColumnsForm, MoveInForm, PapersForm
from partners.admin.paper import PaperPages
from partners.admin.shared import signed_in_director
from partners.models import ContractStatus, MoveIn, MoveInPaper, MoveInRow
from partners.services import moving_in
from partners.views.papers import pdf_response
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.errors import DomainError
from ssp.core.intake import CONFLICT, KNOWN, NEW, REFUSED, ColumnsUnclear
from ssp.core.roles import Role

BOTH = (Role.DIRECTOR, Role.ADMINISTRATOR)
SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "partners.csv"
STATES = {
    "preview": gettext_lazy("Preview: nothing is saved yet"),
    "committed": gettext_lazy("Moved in"),
    "taken_back": gettext_lazy("Taken back"),
}


@admin.register(MoveIn)
class MoveInAdmin(PaperPages, RoleAdmin):
    """Every press is a service; what is refused says so."""

    view_roles = add_roles = BOTH
    list_display = ("file_name", "shown_state", "uploaded_by", "uploaded_at", "committed_at")
    list_select_related = ("uploaded_by",)
    ordering = ("-pk",)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, move_in: MoveIn) -> str:
        return str(STATES[move_in.state])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """List the files that came in, and say how moving in goes."""
        return super().changelist_view(request, {"title": _("Move partners in"), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content", "report")

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Callable[..., HttpResponse]]] = [
            ("columns", self.columns_view),
            ("papers", self.papers_view),
            ("commit", self.commit_view),
            ("discard", self.discard_view),
            ("take-back", self.back_view_of_file),
            ("again", self.again_view),
        ]
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"partners_movein_{name.replace('-', '_')}",
            )
            for name, view in pages
        ]
        return [
            path("sample.csv", self.admin_site.admin_view(self.sample_view), name="partners_movein_sample"),
            path("paper/<int:pk>.pdf", self.admin_site.admin_view(self.pdf_view), name="partners_movein_pdf"),
            *own,
            *self.paper_urls(),
            *super().get_urls(),
        ]

    def _batch(self, request: HttpRequest, pk: int) -> MoveIn:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(MoveIn, pk=pk)

    # --- pages ----------------------------------------------------------------------
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Take a spreadsheet and its PDFs in for the preview."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = MoveInForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            with form.showing(DomainError, field="file"):
                move_in, problems = moving_in.upload_move_in(
                    content=form.content,
                    file_name=form.cleaned_data["file"].name,
                    papers=form.read(),
                    by=signed_in_director(request),
                    at=clock.now(),
                )
                self._warn(request, problems)
                return redirect("admin:partners_movein_change", move_in.pk)
        return self._page(request, "upload", {"form": form, "title": _("Hand a file in")})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show every row: what would become of it, or what became of it."""
        move_in = self._batch(request, key_of(object_id))
        if request.method != "GET":
            return redirect("admin:partners_movein_change", move_in.pk)
        if move_in.state != "preview":
            return self._moved(request, move_in)
        try:
            plan = moving_in.plan_of(move_in, at=clock.now())
        except ColumnsUnclear:
            return redirect("admin:partners_movein_columns", move_in.pk)
        context = {
            "move_in": move_in,
            "title": move_in.file_name,
            "plan": plan,
            "shown": moving_in.shown_by(plan),
            "new": plan.count(NEW),
            "known": plan.count(KNOWN),
            "wrong": plan.count(REFUSED) + plan.count(CONFLICT),
            "papers": {paper.name.casefold(): paper for paper in move_in.papers.all()},
            "papers_form": PapersForm(),
        }
        return self._page(request, "preview", context)

    def _moved(self, request: HttpRequest, move_in: MoveIn) -> TemplateResponse:
        rows = move_in.rows.select_related("contract", "paper", "recruiter_row").order_by("number")
        context = {
            "move_in": move_in,
            "title": move_in.file_name,
            "state": STATES[move_in.state],
            "rows": [{"row": row, "word": _word(row), "tone": _tone(row)} for row in rows],
            "may_take_back": moving_in.can_take_back(move_in),
            "problems": any(row.problem for row in rows),
            "is_director": signed_in_director(request).has_role(Role.DIRECTOR),
        }
        return self._page(request, "moved", context)

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask which column is which."""
        move_in = self._batch(request, pk)
        headers = moving_in.table_of(move_in).headers
        form = ColumnsForm(request.POST or None, headers=headers, initial=move_in.mapping)
        if form.is_valid():
            with form.showing(DomainError):
                moving_in.map_columns(
                    move_in=move_in, mapping=form.mapping, by=signed_in_director(request), at=clock.now()
                )
                return redirect("admin:partners_movein_change", pk)
        context = {"form": form, "move_in": move_in, "title": _("Which column is which?")}
        return self._page(request, "columns", context)

    # --- presses (POST) ---------------------------------------------------------------
    def papers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take further PDFs in for a preview."""
        move_in = self._batch(request, pk)
        form = PapersForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():

            def act() -> None:
                problems = moving_in.add_papers(
                    move_in=move_in, papers=form.read(), by=signed_in_director(request), at=clock.now()
                )
                self._warn(request, problems)

            self._press(request, _("The preview has the new PDFs."), act)
        elif request.method == "POST":
            self.message_user(request, _("Choose at least one PDF or ZIP."), messages.ERROR)
        return redirect("admin:partners_movein_change", pk)

    def commit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Apply exactly what was shown."""
        move_in = self._batch(request, pk)

        def act() -> str:
            plan = moving_in.commit_move_in(
                move_in=move_in,
                shown=request.POST.get("shown", ""),
                by=signed_in_director(request),
                at=clock.now(),
            )
            new = plan.count(NEW)
            said = ngettext(
                "%(new)s partner moved in and waits for two directors.",
                "%(new)s partners moved in and wait for two directors.",
                new,
            )
            return said % {"new": new}

        if request.method == "POST":
            self._press(request, "", act)
        return redirect("admin:partners_movein_change", pk)

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete a preview and its PDFs."""
        move_in = self._batch(request, pk)
        if request.method == "POST" and self._press(
            request,
            _("The preview and its PDFs are deleted."),
            lambda: moving_in.discard_move_in(
                move_in=move_in, by=signed_in_director(request), at=clock.now()
            ),
        ):
            return redirect("admin:partners_movein_changelist")
        return redirect("admin:partners_movein_change", pk)

    def back_view_of_file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo a file of which nobody decided anything; asked on a page of its own."""
        move_in = self._batch(request, pk)
        if request.method == "POST":
            self._press(
                request,
                _("The file is taken back: its contracts are closed."),
                lambda: moving_in.take_back(move_in=move_in, by=signed_in_director(request), at=clock.now()),
            )
            return redirect("admin:partners_movein_change", pk)
        return self._page(request, "take_back", {"move_in": move_in, "title": _("Take the file back?")})

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try rows again that got no contract."""
        move_in = self._batch(request, pk)
        if request.method == "POST":
            self._press(
                request,
                _("The waiting rows were tried again."),
                lambda: moving_in.try_waiting_again(
                    move_in=move_in, by=signed_in_director(request), at=clock.now()
                ),
            )
        return redirect("admin:partners_movein_change", pk)

    # --- files ------------------------------------------------------------------------
    def pdf_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """Show a PDF as it was handed in."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        paper = get_object_or_404(MoveInPaper, pk=pk)
        with paper.file.open("rb") as file:
            return pdf_response(file.read(), paper.name)

    def sample_view(self, request: HttpRequest) -> HttpResponse:
        """Give a file with every column."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = HttpResponse(SAMPLE.read_bytes(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="partners-sample.csv"'
        return answer

    # --- what they share ----------------------------------------------------------------
    def _press(self, request: HttpRequest, done: str, act: Callable[[], object]) -> bool:
        try:
            said = act()
        except DomainError as refusal:
            self.refused(request, refusal)
            return False
        self.message_user(request, said if isinstance(said, str) else done, messages.SUCCESS)
        return True

    def _warn(self, request: HttpRequest, problems: list[str]) -> None:
        for problem in problems[:20]:
            self.message_user(request, problem, messages.WARNING)
        if len(problems) > 20:
            more = _("and %(count)s files more that can't be used.") % {"count": len(problems) - 20}
            self.message_user(request, more, messages.WARNING)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/partners/movein/{name}.html", context)


def _word(row: MoveInRow) -> str:
    if row.taken_back_at:
        return _("Taken back")
    if row.contract is not None:
        return str(row.contract.get_status_display())
    if row.problem:
        return row.problem
    if row.recruiter_row is not None:
        recruiter = row.recruiter_row.facts["full_name"]
        return _("Waits for the attestation of %(name)s") % {"name": recruiter}
    return _("Waits")


def _tone(row: MoveInRow) -> str:
    if row.taken_back_at:
        return "closed"
    if row.contract is not None:
        return {ContractStatus.SIGNED: "good", ContractStatus.DRAFT: "stop"}.get(
            ContractStatus(row.contract.status), "moving"
        )
    return "stop" if row.problem else "waiting"

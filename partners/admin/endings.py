"""How partnerships end, on the directors' side: read, then decide; for cause it takes two (*Ending*)."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import permissions
from partners.admin.shared import DIRECTOR, signed_in_director
from partners.consequences import (
    Consequence,
    Leaving,
    by_notice,
    consequences_of,
    for_cause,
    of_ending,
    seal_of,
)
from partners.forms_endings import EndPartnershipForm, ReadForm
from partners.models import Ending, EndingSide, Partner
from partners.partnership_ends import headline
from partners.services.endings import (
    confirm_end_for_cause,
    drop_proposal,
    give_notice,
    propose_end_for_cause,
    take_notice_back,
)
from ssp.core import clock
from ssp.core.admin import RoleAdmin, key_of
from ssp.core.errors import DomainError
from ssp.core.periods import local_date


class HowFilter(admin.ChoicesFieldListFilter):
    """By how it ends; the field's own name would read "By how"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("notice or cause")


class SideFilter(admin.ChoicesFieldListFilter):
    """By whose word it was; the field's own name would read "By by"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("who ended it")


@admin.register(Ending)
class EndingAdmin(RoleAdmin):
    """Notices, and what was ended for cause. Every press is a service."""

    view_roles = DIRECTOR
    list_display = ("partner", "kind", "side", "state", "last_on", "given_by", "given_at")
    list_filter = (("kind", HowFilter), ("side", SideFilter))
    search_fields = ("partner__display_name", "partner__legal_name")
    list_select_related = ("partner", "given_by")
    ordering = ("-given_at", "-pk")

    @admin.display(description=gettext_lazy("state"))
    def state(self, ending: Ending) -> str:
        return state_of(ending)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("of/<int:pk>/", self.admin_site.admin_view(self.start_view), name="partners_ending_start"),
            path(
                "<int:pk>/decide/",
                self.admin_site.admin_view(self.decide_view),
                name="partners_ending_decide",
            ),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An ending has one page: what was decided, and what may be decided now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:partners_ending_decide", key_of(object_id))

    # --- the way in -------------------------------------------------------------
    def start_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose how and when, read what it means, then give notice or propose to end it for cause."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        partner = get_object_or_404(Partner.objects.select_related("user", "recruiter__user"), pk=pk)
        director, at = signed_in_director(request), clock.now()
        form = EndPartnershipForm(request.POST if request.method == "POST" else None)
        context: dict[str, Any] = {
            "form": form,
            "partner": partner,
            "refusal": permissions.why_not_end(director, partner),
            "over": not partner.is_active(at=at),
            "standing": partner.endings.standing().first(),
            "proposed": partner.endings.proposed().first(),
        }
        if form.is_valid():
            chosen = form.cleaned_data
            leaving = (
                for_cause(partner, at=at)
                if chosen["kind"] == Partner.EndKind.CAUSE
                else by_notice(partner, last_on=chosen["last_on"], at=at, theirs=False)
            )
            if "seal" in request.POST:
                with form.showing(DomainError):
                    ending = self._begin(partner, form, request, leaving)
                    return redirect("admin:partners_ending_decide", ending.pk)
            if not form.errors:
                context |= self._reading(leaving)
        return self._page(request, "start", context, title=_("End a partnership"))

    def _begin(
        self, partner: Partner, form: EndPartnershipForm, request: HttpRequest, leaving: Leaving
    ) -> Ending:
        chosen, director, at = form.cleaned_data, signed_in_director(request), clock.now()
        if leaving.for_cause:
            ending = propose_end_for_cause(partner=partner, reason=chosen["reason"], by=director, at=at)
            said = _(
                "Nothing has ended yet: the other directors were asked, and one of them must confirm it."
            )
        else:
            ending = give_notice(
                partner=partner,
                last_on=chosen["last_on"],
                reason=chosen["reason"],
                seal=request.POST["seal"],
                by=director,
                at=at,
            )
            said = _("Notice is given; the partner gets it by e-mail, with your reason.")
        self.message_user(request, said, messages.SUCCESS)
        return ending

    # --- one ending -------------------------------------------------------------
    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show an ending; confirm or drop a proposal, or take SeMI's notice back."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        ending = get_object_or_404(
            Ending.objects.select_related(
                "partner__user", "partner__recruiter__user", "given_by", "contract"
            ),
            pk=pk,
        )
        form = ReadForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            with form.showing(DomainError):
                self._decide(request, ending, request.POST.get("press", ""), form.cleaned_data["seal"])
                return redirect("admin:partners_ending_decide", pk)
        director, at, partner = signed_in_director(request), clock.now(), ending.partner
        refusal = permissions.why_not_end(director, partner)
        open_notice = (
            ending.is_standing and ending.kind == Partner.EndKind.NOTICE and not ending.has_happened(at=at)
        )
        proposed = ending.is_proposed and partner.is_active(at=at)
        context: dict[str, Any] = {
            "form": form,
            "ending": ending,
            "partner": partner,
            "state": state_of(ending),
            "refusal": refusal,
            "may_confirm": proposed and refusal is None and director.pk != ending.given_by_id,
            "waits_for_another": proposed and director.pk == ending.given_by_id,
            "may_drop": proposed and refusal is None,
            "may_take_back": open_notice and refusal is None and ending.side == EndingSide.SEMI,
        }
        if proposed:
            context |= self._reading(for_cause(partner, at=at))
        elif ending.is_standing:
            context |= self._reading(of_ending(ending, at=at, theirs=False))
        return self._page(request, "decide", context, title=str(ending))

    def _decide(self, request: HttpRequest, ending: Ending, press: str, seal: str) -> None:
        director, at = signed_in_director(request), clock.now()
        if press == "confirm":
            confirm_end_for_cause(ending=ending, seal=seal, by=director, at=at)
            said = _("The partnership has ended for cause, as of now. The partner gets the reason by e-mail.")
        elif press == "drop":
            drop_proposal(ending=ending, by=director, at=at)
            said = _("The proposal is dropped. The partnership goes on; the partner was told nothing.")
        else:
            take_notice_back(ending=ending, by=director, at=at)
            said = _("The notice is taken back. The partnership goes on, and the partner is told.")
        self.message_user(request, said, messages.SUCCESS)

    def _reading(self, leaving: Leaving) -> dict[str, Any]:
        consequences: list[Consequence] = consequences_of(leaving)
        return {
            "leaving": leaving,
            "headline": headline(leaving),
            "consequences": consequences,
            "seal": seal_of(consequences),
        }

    def _page(
        self, request: HttpRequest, name: str, context: dict[str, Any], *, title: str
    ) -> TemplateResponse:
        partner: Partner = context["partner"]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "today": local_date(clock.now()),
            "back": reverse("admin:partners_partner_change", args=[partner.pk]),
            **context,
        }
        return TemplateResponse(request, f"admin/partners/ending/{name}.html", context)


def state_of(ending: Ending) -> str:
    """Say where an ending stands, in a word or two."""
    if ending.ends_at is None:
        return _("Dropped") if ending.withdrawn_at else _("Proposed, waits for a second director")
    if ending.withdrawn_at:
        return _("Taken back")
    if ending.replaced_by_id:
        return _("Overtaken by an end for cause")
    if ending.rejoined_at:
        return _("Over; they came back")
    return _("Over") if ending.has_happened(at=clock.now()) else _("Notice runs")

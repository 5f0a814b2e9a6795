"""A sales lead links two partners' use cases that are one need, and takes it back if that was wrong (C18)."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners.permissions import is_person
from referrals.errors import OwnReferral
from referrals.models import UseCase, UseCaseLink
from referrals.services.links import link_use_cases, take_back_link
from ssp.core import clock
from ssp.core.access import StaffRequest, role_required
from ssp.core.errors import DomainError
from ssp.core.identity import identity_of
from ssp.core.roles import Role
from ssp.dashboard import needs
from ssp.dashboard.link_forms import LinkForm, TakeBackForm


def _use_case(pk: int) -> UseCase:
    rows = UseCase.objects.select_related("partner__user", "referral__company", "deal", "same_need_as")
    return get_object_or_404(rows, pk=pk, referral__isnull=False)


def _take_back_form(pk: int, said: QueryDict | None = None) -> TakeBackForm:
    return TakeBackForm(said, auto_id=f"wrong-{pk}-%s")


def _page(
    request: StaffRequest,
    found: UseCase,
    *,
    form: LinkForm | None = None,
    wrong: tuple[int, TakeBackForm] | None = None,
) -> HttpResponse:
    """Show a use case beside the others; `wrong` is a link's number and what was said against it."""
    mine, candidates = needs.side_by_side(found, on=clock.today())
    own = is_person(found.partner, request.user, identity_of(request.user.email))
    told = dict([wrong]) if wrong else {}
    links = [
        {"link": each, "form": told.get(each.pk) or _take_back_form(each.pk)}
        for each in needs.links_of(found)
    ]
    context = {
        "use_case": found,
        "mine": mine,
        "candidates": candidates,
        "possible": any(each.refusal is None for each in candidates),
        "links": links,
        "form": form or LinkForm(candidates=candidates),
        "wrong": wrong[1] if wrong else None,
        "refusal": OwnReferral() if own else None,
        "nav": "desk:home",
    }
    return render(request, "dashboard/links/page.html", context)


@role_required(Role.SALES_LEAD)
@require_http_methods(["GET", "POST"])
def link(request: StaffRequest, pk: int) -> HttpResponse:
    """Show what other partners brought to the same company; a post links two and says who pays."""
    found = _use_case(pk)
    if request.method == "GET":
        return _page(request, found)
    _mine, candidates = needs.side_by_side(found, on=clock.today())
    form = LinkForm(request.POST, candidates=candidates)
    if form.is_valid():
        other = next(each for each in candidates if each.use_case.pk == form.cleaned_data["other"])
        with form.showing(DomainError):
            done = link_use_cases(
                use_case=found,
                other=other.use_case,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=clock.now(),
            )
            said = _("Linked: the one by %(pays)s pays, the one by %(closes)s is closed. Both get a letter.")
            names = {"pays": done.paying.partner, "closes": done.duplicate.partner}
            messages.success(request, said % names)
            return redirect("desk:link", pk)
    return _page(request, _use_case(pk), form=form)


@role_required(Role.SALES_LEAD)
@require_POST
def unlink(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a link, with the reason."""
    rows = UseCaseLink.objects.select_related("paying__partner__user", "duplicate__partner__user")
    row = get_object_or_404(rows, pk=pk)
    form = _take_back_form(pk, request.POST)
    if form.is_valid():
        with form.showing(DomainError):
            take_back_link(link=row, reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
            said = _("Taken back: the one by %(closes)s is open again, and they get a letter.")
            messages.success(request, said % {"closes": row.duplicate.partner})
            return redirect("desk:link", row.duplicate_id)
    return _page(request, _use_case(row.duplicate_id), wrong=(pk, form))

"""The resource library as active partners use it (C13)."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners import permissions_library, queries_library
from partners.access import PartnerRequest, partner_required
from partners.errors.library import LibraryClosed
from partners.forms_library import SearchForm
from partners.models import Partner, Resource, ResourceVersion
from partners.queries_library import A_PAGE
from partners.services.library import count_download
from ssp.core import clock
from ssp.core.delivery import PrivateFile, comes_ahead, goes_on, kept_by_nobody, send
from ssp.core.models import User

PREVIEW_TYPE = "image/webp"


def _closed(request: HttpRequest) -> HttpResponse:
    """Say why the library is closed to somebody whose partnership has ended."""
    context = {"refusal": LibraryClosed(), "nav": "partners:library"}
    return render(request, "partners/library_closed.html", context, status=403)


def while_active(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let partners in whose partnership runs at this moment; tell the others why not."""

    @partner_required
    @wraps(view)
    def checked(request: PartnerRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.partner.is_active(at=clock.now()):
            return _closed(request)
        return view(request, *args, **kwargs)

    return checked


@require_safe
@while_active
def library(request: PartnerRequest) -> HttpResponse:
    """Show what there is, by folder; search it by words, kind and folder."""
    form = SearchForm(request.GET, folders=queries_library.folders_with_resources())
    wanted = form.wanted()
    found = queries_library.listed(**wanted)
    total = found.count()
    after = _resource_of(request.GET.get("after", ""))
    page = queries_library.shown(
        (found.after(after) if after else found)[: A_PAGE + 1], request.partner, at=clock.now()
    )
    is_filtered = any(wanted.values())
    asked = {name: request.GET[name] for name in ("q", "kind", "folder") if request.GET.get(name)}
    context = {
        "form": form,
        "is_filtered": is_filtered,
        "total": total,
        "in_all": queries_library.listed().count() if is_filtered else total,
        "rows": page[:A_PAGE],
        "first_url": _address(asked) if after else "",
        "next_url": _address({**asked, "after": page[A_PAGE - 1].resource.pk}) if len(page) > A_PAGE else "",
    }
    return render(request, "partners/library.html", context)


def _resource_of(after: str) -> Resource | None:
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        return None
    return Resource.objects.select_related("folder").filter(pk=after).first()


def _address(asked: dict[str, Any]) -> str:
    query = f"?{urlencode(asked)}" if asked else ""
    return f"{reverse('partners:library')}{query}"


@require_safe
@while_active
def resource(request: PartnerRequest, pk: int) -> HttpResponse:
    """Show one resource with all its versions."""
    rows = queries_library.shown(
        Resource.objects.listed().in_order().filter(pk=pk), request.partner, at=clock.now()
    )
    if not rows:
        return _gone(request)
    return render(request, "partners/library_resource.html", {"row": rows[0]})


def _gone(request: HttpRequest) -> HttpResponse:
    """Say that something isn't in the library, or no longer: old links end here."""
    context = {"nav": "partners:library"}
    return render(request, "partners/library_gone.html", context, status=404)


def _partner_of(user: User) -> Partner | None:
    return Partner.objects.filter(user=user, started_at__isnull=False).first()


@login_required
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand a version out, to be saved, and count it for its partner.

    The right is that of this moment: a link that somebody kept or passed on opens nothing by itself. Staff
    may look at everything, also at what is archived, and are not counted.
    """
    assert isinstance(request.user, User)
    partner, at = _partner_of(request.user), clock.now()
    if not permissions_library.can_read_library(request.user, partner, at=at):
        return _refuse(request, partner)
    found = _version(request.user, pk)
    if found is None and partner is None:
        raise Http404
    if found is None:
        return _gone(request)
    if comes_ahead(request):
        return kept_by_nobody(HttpResponse(status=204))
    if partner is not None and partner.is_active(at=at) and request.method == "GET":
        try:
            count_download(version=found, partner=partner, goes_on=goes_on(request), at=at)
        except LibraryClosed:
            return _closed(request)
    return send(
        request,
        PrivateFile(
            file=found.file,
            name=found.file_name,
            content_type=found.content_type,
            size=found.size,
            sha256=found.sha256,
        ),
    )


def _refuse(request: HttpRequest, partner: Partner | None) -> HttpResponse:
    if partner is None:
        raise Http404
    return _closed(request)


def _version(user: User, pk: int) -> ResourceVersion | None:
    """Return a version that this person may see: partners only those of what is in the library now."""
    found = ResourceVersion.objects.select_related("resource", "preview")
    if not user.has_any_role(*permissions_library.READERS):
        found = found.filter(resource__in=Resource.objects.listed())
    return found.filter(pk=pk).first()


@login_required
@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the small picture of a version to whom may have the version."""
    assert isinstance(request.user, User)
    partner = _partner_of(request.user)
    if not permissions_library.can_read_library(request.user, partner, at=clock.now()):
        raise Http404
    found = _version(request.user, pk)
    picture = getattr(found, "preview", None)
    if picture is None or not picture.file:
        raise Http404(_("There is no picture of this version."))
    with picture.file.open("rb") as file:
        response = HttpResponse(file.read(), content_type=PREVIEW_TYPE)
    kept_by_nobody(response)
    return response

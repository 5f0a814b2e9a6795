"""A partner's own profile: what is public, how it looks, whether it is there at all (C16)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import photos
from partners.access import PartnerRequest, partner_required
from partners.directory import Entry, details_of, entry_of
from partners.forms_profile import PhotoForm, ProfileForm
from partners.models import Partner, Profile, ProfilePhoto
from partners.rules import SHOWN_AT_FIRST
from partners.services.profiles import remove_photo, save_profile, set_listing, set_photo
from partners.views.directory import picture
from ssp.core import audit, clock
from ssp.core.errors import DomainError


def _profile_of(partner: Partner) -> Profile:
    """Return the partner's profile with its address, or what it begins as, unsaved."""
    found = Profile.objects.with_address().filter(partner=partner).first()
    if found is None:
        found = Profile(partner=partner, country=partner.country, shown=list(SHOWN_AT_FIRST))
        found.slug = ""
    return found


def _digest(profile: Profile) -> str:
    """Return what tells the photo from others; nothing where there is none."""
    photos_of = ProfilePhoto.objects.filter(profile_id=profile.pk)
    return photos_of.values_list("digest", flat=True).first() or ""


@partner_required
@require_http_methods(["GET", "POST"])
def profile(request: PartnerRequest) -> HttpResponse:
    """Show and keep the details; the preview is the public page itself, of what was typed."""
    partner = request.partner
    row = _profile_of(partner)
    digest = _digest(row)
    form = ProfileForm(
        request.POST or None,
        instance=row,
        initial={"display_name": partner.display_name},
        has_photo=bool(digest),
    )
    details, shown, is_preview = details_of(row), row.shown, False
    if form.is_valid():
        if "preview" in request.POST:
            details, shown, is_preview = form.details, form.shown, True
        else:
            with form.showing(DomainError):
                save_profile(
                    partner=partner, details=form.details, shown=form.shown, by=request.user, at=clock.now()
                )
                messages.success(request, _saved(partner))
                return redirect("partners:profile")
    entry = entry_of(partner, details, shown, slug=row.slug, photo=digest)
    return _page(request, form=form, photo_form=PhotoForm(), row=row, entry=entry, is_preview=is_preview)


def _saved(partner: Partner) -> str:
    if partner.listing_consent:
        return _("Your profile is saved. The public page shows it from now on.")
    return _("Your profile is saved. Nobody sees it as long as you aren't listed.")


def _page(
    request: PartnerRequest,
    *,
    form: ProfileForm,
    photo_form: PhotoForm,
    row: Profile,
    entry: Entry,
    **more: Any,
) -> HttpResponse:
    partner, now = request.partner, clock.now()
    consent = audit.trail(partner).filter(action__startswith="partner.listing_").first()
    context = {
        "form": form,
        "photo_form": photo_form,
        "entry": entry,
        "slug": row.slug,
        "has_photo": bool(_digest(row)),
        "is_active": partner.is_active(at=now),
        "is_listed": partner.listing_consent and partner.is_active(at=now) and bool(row.slug),
        "partner": partner,
        "consent": consent,
        **more,
    }
    return render(request, "partners/profile.html", context)


@partner_required
@require_POST
def change_photo(request: PartnerRequest) -> HttpResponse:
    """Take a new photo in place of the one before."""
    partner = request.partner
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid():
        with form.showing(DomainError):
            photo = photos.draw_anew(form.content)
            set_photo(partner=partner, photo=photo, by=request.user, at=clock.now())
            messages.success(request, _("The photo is kept. It is public once “Show the photo” is ticked."))
            return redirect("partners:profile")
    row = _profile_of(partner)
    digest = _digest(row)
    details = ProfileForm(
        instance=row, initial={"display_name": partner.display_name}, has_photo=bool(digest)
    )
    entry = entry_of(partner, details_of(row), row.shown, slug=row.slug, photo=digest)
    return _page(request, form=details, photo_form=form, row=row, entry=entry)


@partner_required
@require_POST
def take_photo_away(request: PartnerRequest) -> HttpResponse:
    """Remove the photo, from here and from every public page."""
    remove_photo(partner=request.partner, by=request.user, at=clock.now())
    messages.success(request, _("The photo is removed. Nothing of it is kept."))
    return redirect("partners:profile")


@partner_required
@require_POST
def change_listing(request: PartnerRequest) -> HttpResponse:
    """Give the consent to be listed, or take it back."""
    listed = request.POST.get("listed") == "yes"
    try:
        set_listing(partner=request.partner, listed=listed, by=request.user, at=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        if listed:
            messages.success(request, _("You are listed from now on."))
        else:
            messages.success(
                request, _("You are no longer listed: the page, the photo and the feed are gone at once.")
            )
    return redirect("partners:profile")


@partner_required
@require_safe
def own_photo(request: PartnerRequest, size: str) -> HttpResponse:
    """Show a partner their own photo, public or not."""
    found = ProfilePhoto.objects.filter(profile__partner=request.partner).first()
    if found is None or size not in ("large", "small"):
        raise Http404
    return picture(request, found, size, cache="private, no-cache")

"""A partner's entry in the public directory: opens with the partnership, theirs to show and hide (C16)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from partners.directory import details_of, entry_of, words_of
from partners.errors import PartnershipNotStarted
from partners.models import Partner, Profile, ProfileAddress, ProfilePhoto
from partners.photos import Photo
from partners.rules import SHOWABLE, SHOWN_AT_FIRST, slug_of, sort_name_of
from ssp.core import audit
from ssp.core.models import User

DETAILS = tuple(name for name in SHOWABLE if name != "photo")
ADDRESS_TAKEN = "partners_profileaddress_slug"


@transaction.atomic
def open_profile(*, partner: Partner, at: datetime) -> Profile:
    """Give a partner an entry with what the application's consent covers: the name and the country (C16).

    Call it where the partnership starts. An entry that is there already stays as it is.
    """
    Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    profile = Profile.objects.filter(partner=partner).first()
    if profile is None:
        profile = Profile(partner=partner, country=partner.country, shown=list(SHOWN_AT_FIRST), changed_at=at)
        _make_findable(profile)
        profile.save()
        _take_address(profile, at=at)
    return profile


@transaction.atomic
def refresh_profile(*, partner: Partner, at: datetime) -> None:
    """Let the entry of somebody who comes back be found by the name they applied with now (C16)."""
    profile = open_profile(partner=partner, at=at)
    profile.partner = partner
    profile.changed_at = at
    _make_findable(profile)
    profile.save()
    _take_address(profile, at=at)


@transaction.atomic
def save_profile(
    *, partner: Partner, details: Mapping[str, Any], shown: Iterable[str], by: User, at: datetime
) -> Profile:
    """Keep what a partner says about themself, and which of it is shown (C16).

    :param details: `display_name` and the details of `DETAILS`.  :param shown: names of `SHOWABLE`.
    :raises PartnershipNotStarted: C6, it has ended or not begun.
    """
    profile = _locked(partner, at=at)
    named = profile.partner
    before = {**details_of(profile), "shown": sorted(profile.shown)}
    if named.display_name != details["display_name"]:
        named.display_name = details["display_name"]
        named.save(update_fields=["display_name"])
        partner.display_name = named.display_name
    for name in DETAILS:
        setattr(profile, name, details[name])
    profile.shown = [name for name in SHOWABLE if name in set(shown)]
    changed = [name for name, value in details_of(profile).items() if value != before[name]]
    if not changed and sorted(profile.shown) == before["shown"]:
        return profile
    profile.changed_at = at
    _make_findable(profile)
    profile.save()
    _take_address(profile, at=at)
    audit.record(
        "profile.saved",
        profile,
        by=by,
        at=at,
        changed=",".join(sorted(changed)),
        shown=",".join(profile.shown),
    )
    return profile


@transaction.atomic
def set_listing(*, partner: Partner, listed: bool, by: User, at: datetime) -> None:
    """Give the consent to be listed, or take it back: at any time, from that moment (C16).

    :raises PartnershipNotStarted: C6, there is nothing to be listed in. Taking it back is always possible.
    """
    row = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if listed and not row.is_active(at=at):
        raise PartnershipNotStarted
    if row.listing_consent == listed:
        return
    row.listing_consent = listed
    row.save(update_fields=["listing_consent"])
    partner.listing_consent = listed
    if listed:
        open_profile(partner=row, at=at)
    Profile.objects.filter(partner=row).update(changed_at=at)
    audit.record("partner.listing_given" if listed else "partner.listing_withdrawn", row, by=by, at=at)


@transaction.atomic
def set_photo(*, partner: Partner, photo: Photo, by: User, at: datetime) -> None:
    """Keep a photo (`photos.draw_anew`) in place of the one before, of which nothing stays.

    :raises PartnershipNotStarted: C6.
    """
    profile = _locked(partner, at=at)
    ProfilePhoto.objects.update_or_create(
        profile=profile,
        defaults={"large": photo.large, "small": photo.small, "digest": photo.digest, "uploaded_at": at},
    )
    _touch(profile, at=at)
    audit.record("profile.photo_set", profile, by=by, at=at)


@transaction.atomic
def remove_photo(*, partner: Partner, by: User, at: datetime) -> None:
    """Take the photo away, at any time, after the end of the partnership too."""
    profile = Profile.objects.select_for_update(of=("self",)).filter(partner=partner).first()
    if profile is None:
        return
    removed, _ = ProfilePhoto.objects.filter(profile=profile).delete()
    if removed:
        _touch(profile, at=at)
        audit.record("profile.photo_removed", profile, by=by, at=at)


def _locked(partner: Partner, *, at: datetime) -> Profile:
    """Return the profile of an active partner, who is locked for the rest of the transaction."""
    row = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if not row.is_active(at=at):
        raise PartnershipNotStarted
    profile = open_profile(partner=row, at=at)
    profile.partner = row
    return profile


def _touch(profile: Profile, *, at: datetime) -> None:
    profile.changed_at = at
    profile.save(update_fields=["changed_at"])


def _make_findable(profile: Profile) -> None:
    entry = entry_of(profile.partner, details_of(profile), profile.shown, slug="")
    profile.sort_name, profile.public_words = sort_name_of(entry.name), words_of(entry)


def _take_address(profile: Profile, *, at: datetime) -> ProfileAddress:
    """Give a profile the first free address of its name; one it had before is its own again.

    Who loses a race for an address waits on the constraint for the winner's commit, then takes the next.
    """
    wanted = slug_of(profile.partner.display_name)
    current = profile.addresses.filter(is_current=True).first()
    if current is not None and is_address_of(current.slug, wanted):
        return current
    number = 1
    while True:
        slug = wanted if number == 1 else f"{wanted}-{number}"
        taken = ProfileAddress.objects.filter(slug=slug).first()
        if taken is None or taken.profile_id == profile.pk:
            try:
                with transaction.atomic():
                    return _move_to(profile, slug, at=at)
            except IntegrityError as lost:
                if ADDRESS_TAKEN not in str(lost):
                    raise
        number += 1


def is_address_of(slug: str, wanted: str) -> bool:
    """Tell whether an address is that name's, with or without a number."""
    return slug == wanted or (slug.startswith(f"{wanted}-") and slug.removeprefix(f"{wanted}-").isdigit())


def _move_to(profile: Profile, slug: str, *, at: datetime) -> ProfileAddress:
    profile.addresses.filter(is_current=True).update(is_current=False)
    address, made = ProfileAddress.objects.get_or_create(
        slug=slug, profile=profile, defaults={"taken_at": at}
    )
    if not made:
        address.is_current = True
        address.save(update_fields=["is_current"])
    return address

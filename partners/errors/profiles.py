"""Refusals about the public profile."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class NoPhoto(DomainError):
    clause = "C16"
    field = "photo"


class NotAPhoto(NoPhoto):
    message = _(
        "This file is no photo that we can read, whatever its name says. Nothing was changed. Choose a JPEG, "
        "PNG or WebP file."
    )


class PhotoTooHeavy(NoPhoto):
    message = _("This file is larger than 8 MB. Nothing was changed. Choose a smaller one.")


class PhotoHasTooManyPixels(NoPhoto):
    message = _(
        "This photo has more pixels than we open: 50 million in a JPEG, 16 million in a PNG or WebP. Nothing "
        "was changed. Save it smaller and try again."
    )


class PhotoTooSmall(NoPhoto):
    message = _(
        "This photo is smaller than 200 by 200 pixels and would be blurred. Nothing was changed. Choose a "
        "larger one."
    )


class PhotoIsNoPhotoAlone(NoPhoto):
    message = _(
        "There is another kind of file inside this photo, so we don't take it. Nothing was changed. Take a "
        "screenshot of the photo, or save it anew, and try again."
    )

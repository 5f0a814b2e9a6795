"""Refusals about keeping a partner out of a run."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class ReasonForLeavingOut(DomainError):
    message = _(
        "Nothing was prepared: say why each partner you leave out isn’t paid. Whoever approves the run reads "
        "it, and so does the partner."
    )


class NotAmongThePaid(DomainError):
    message = _(
        "Nothing was prepared: a partner you leave out wouldn’t be paid any more. Something changed since "
        "you opened the page; look at the preview again."
    )


class EverybodyLeftOut(DomainError):
    message = _("Nothing was prepared: you left out everybody who could be paid, so no run is left.")

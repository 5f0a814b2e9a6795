"""Refusals about statements, tax statuses and contested entries."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError, NotAllowed


class TaxStatusUnfit(DomainError):
    """A treatment that can't be right for this partner; `why` is what the rule found."""

    REASONS: dict[str, str | Promise] = {
        "not_domestic": _(
            "VAT is charged only where partner and SeMI are in the same country. Choose how it is treated "
            "otherwise."
        ),
        "domestic_needs_percent": _("VAT that is charged has a rate: enter it, such as 21."),
        "percent_needs_domestic": _("With this treatment no VAT is charged: enter 0."),
        "not_elsewhere_in_eu": _("Reverse charge is for partners in another country of the EU."),
        "needs_tax_number": _("Reverse charge needs the partner’s VAT number. Ask for it and enter it here."),
        "not_outside_eu": _("This partner’s country is in the EU. Choose another treatment."),
    }

    def __init__(self, why: str) -> None:
        super().__init__(self.REASONS[why])


class TextMissing(DomainError):
    """What is contested, and what is answered, is said in words."""

    clause = "C5"
    message = _("Say it in words: the other side reads them.")


class AlreadyContested(DomainError):
    clause = "C5"
    message = _("You contest this entry already. Its page shows by when it is answered.")


class AlreadyAnswered(DomainError):
    clause = "C5"
    message = _("This was answered already. Look at the answer; it can’t be changed.")


class OwnEntry(NotAllowed):
    clause = "C5"
    message = _("This is your own entry, so somebody else answers.")


class AnsweredBefore(NotAllowed):
    """Contested again: whoever answered the first time doesn't judge their own answer."""

    clause = "C5"
    message = _("You answered about this entry before, so another person from finance, or a director, does.")

"""Refusals while applying."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class ApplicationsClosed(DomainError):
    clause = "C5"
    message = _(
        "Applications are closed: SeMI hasn't published terms yet. Your draft is kept; come back later."
    )


class TermsChanged(DomainError):
    clause = "C5"
    message = _(
        "The terms changed while you were reading. Read the numbers on this page again and accept them."
    )


class TermsNotAccepted(DomainError):
    clause = "C5"
    field = "accepts_terms"
    message = _("An application needs your yes to the terms. Read the numbers and tick the box.")


class EmailNotVerified(DomainError):
    clause = "C6"
    message = _(
        "Your e-mail address isn't confirmed yet. Open the link that we sent you, then send the application."
    )


class ApplicationIncomplete(DomainError):
    clause = "C6"
    message = _(
        "Some answers are missing. Fill in every field that isn't optional, then send the application."
    )


class AlreadyApplied(DomainError):
    clause = "C6"
    message = _("You already sent an application. Its page tells you what happens next.")


class AlreadyPartner(DomainError):
    clause = "C22"
    message = _(
        "A partner with this e-mail address or a variant of it exists already. "
        "Sign in with that account instead."
    )


class ApplicationNotOpen(DomainError):
    clause = "C6"
    message = _("This application was decided already.")


class NotAnOwner(DomainError):
    clause = "C6"
    field = "owner"
    message = _(
        "An application is looked after by a director who may decide about it: not by the applicant, nor by "
        "who recruited them. Choose somebody else."
    )


class NotYoursToAssign(DomainError):
    clause = "C6"
    message = _("Only directors and administrators say who looks after an application.")

"""Refusals: expected, safe to show, each with its clause. Anything else propagates."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that tells the person what happened, what it means and what to do next."""

    clause: str = ""
    message: str | Promise = _("This can't be done.")

    def __init__(self, message: str | Promise | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(str(self.message))

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(DomainError):
    """The person's role or relation doesn't permit it."""

    message = _("You may not do this.")


@contextmanager
def constraint_as(name: str, error: type[DomainError]) -> Iterator[None]:
    """Turn the IntegrityError of the named constraint (or trigger) into `error`.

    Use it inside an atomic block of its own, since PostgreSQL ends the transaction that broke a constraint.
    """
    try:
        yield
    except IntegrityError as caught:
        diagnostics = getattr(caught.__cause__, "diag", None)
        if getattr(diagnostics, "constraint_name", None) == name or name in str(caught):
            raise error from caught
        raise

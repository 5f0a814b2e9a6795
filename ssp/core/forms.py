"""What our forms share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError
from ssp.core.models import User


class DomainFormMixin(forms.BaseForm):
    """Shows a service's refusal on the form instead of an error page."""

    @contextmanager
    def showing(self, *errors: type[DomainError], field: str | None = None) -> Iterator[None]:
        expected = errors or (DomainError,)
        try:
            yield
        except expected as refusal:
            self.add_error(getattr(refusal, "field", None) or field, str(refusal))


LABELS = {
    "email": _("E-mail"),
    "oldpassword": _("Password now"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
}
LONG_ENOUGH = _("At least 10 characters: not a common password, and not your name or address.")


class InOurWords(forms.BaseForm):
    """An account form of allauth, with labels and hints as on the rest of the site."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            if name in LABELS:
                field.help_text = LONG_ENOUGH if name == "password1" else ""


class AddEmailForm(InOurWords, account.AddEmailForm):
    """A further address."""


class ChangePasswordForm(InOurWords, account.ChangePasswordForm):
    """Another password, by somebody who knows the present one."""


class SetPasswordForm(InOurWords, account.SetPasswordForm):
    """A first password."""


class ResetPasswordForm(InOurWords, account.ResetPasswordForm):
    """Asking for the link with which one chooses a new password."""


class ResetPasswordKeyForm(InOurWords, account.ResetPasswordKeyForm):
    """The new password, behind that link."""


class SignupForm(InOurWords, account.SignupForm):
    """Signing up asks for a name besides e-mail and password: mails greet people with it."""

    full_name = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ["full_name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("Password")

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        user.full_name = self.cleaned_data["full_name"]
        user.save(update_fields=["full_name"])
        return user

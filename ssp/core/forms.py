"""What our forms share."""

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError
from ssp.core.models import User


class DomainFormMixin(forms.BaseForm):
    """Shows a service's refusal on the form instead of an error page."""

    @contextmanager
    def showing(self, *errors: type[DomainError], field: str | None = None) -> Iterator[None]:
        try:
            yield
        except errors or (DomainError,) as refusal:
            self.add_error(getattr(refusal, "field", None) or field, str(refusal))


class SignupForm(AllauthSignupForm):
    """Signing up asks for a name besides e-mail and password: mails greet people with it."""

    full_name = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ["full_name", "email", "password1"]

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        user.full_name = self.cleaned_data["full_name"]
        user.save(update_fields=["full_name"])
        return user

"""The link in the mail to a partner who moved in: they choose a password, and are in."""

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from partners.services.joining import join, open_link
from ssp.core import clock
from ssp.core.errors import DomainError
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User


class WelcomeForm(DomainFormMixin, forms.Form):
    password = forms.CharField(
        label=gettext_lazy("Choose a password"),
        help_text=gettext_lazy(
            "At least 10 characters: not a common password, and not your name or address."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Let a partner who moved in choose a password. Opening the link changes nothing."""
    try:
        row = open_link(token=token, at=clock.now())
    except DomainError as refusal:
        return render(request, "partners/welcome.html", {"refusal": refusal}, status=410)
    assert row.contract is not None
    user = row.contract.partner.user
    form = WelcomeForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        with form.showing(DomainError):
            join(token=token, password=form.cleaned_data["password"], at=clock.now())
            messages.success(request, _("Your password is saved. Sign in with it."))
            return redirect("account_login")
    return render(
        request, "partners/welcome.html", {"form": form, "user_named": user, "contract": row.contract}
    )

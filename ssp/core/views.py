"""Pages that belong to no app: where sign-in leads, and how staff join."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from ssp.core import clock, staff
from ssp.core.errors import DomainError
from ssp.core.forms import DomainFormMixin
from ssp.core.models import User
from ssp.core.roles import DESK_ROLES, Role


@login_required
@require_safe
def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead everybody to the place where their work is."""
    user = request.user
    assert isinstance(user, User)
    if user.has_any_role(*DESK_ROLES):
        return redirect("desk:today")
    if user.has_role(Role.FINANCE):
        return redirect("desk:home")
    if user.has_any_role(Role.DIRECTOR, Role.ADMINISTRATOR):
        return redirect("admin:index")
    return redirect("portal:home")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept of whom, and until when."""
    return render(request, "core/privacy.html")


class JoinForm(DomainFormMixin, forms.Form):
    password = forms.CharField(
        label=gettext_lazy("Choose a password"),
        help_text=gettext_lazy("At least 10 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        validators=[validate_password],
    )

    def __init__(self, *args: object, has_account: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if has_account:  # the role is added to the account; its password isn't touched
            del self.fields["password"]


@require_http_methods(["GET", "POST"])
def join_staff(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: choose a password, then sign in and set up the second factor."""
    try:
        invitation = staff.open_invitation(token=token, at=clock.now())
    except DomainError as refusal:
        return render(request, "core/join_staff.html", {"refusal": refusal}, status=410)
    has_account = staff.account_of(invitation) is not None
    form = JoinForm(request.POST if request.method == "POST" else None, has_account=has_account)
    if form.is_valid():
        with form.showing(DomainError):
            staff.accept_invitation(token=token, password=form.cleaned_data.get("password"), at=clock.now())
            messages.success(request, _("You have joined. Sign in to set up your second factor."))
            return redirect("account_login")
    context = {"form": form, "invitation": invitation, "has_account": has_account}
    return render(request, "core/join_staff.html", context)

"""Doors to views by role: a wrong role is a 403. Another partner's row is a 404 elsewhere."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from ssp.core.models import User
from ssp.core.roles import Role

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request whose user passed `role_required`."""

    user: User


def role_required(
    *roles: Role,
) -> Callable[[Callable[Concatenate[StaffRequest, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let only people with one of `roles` in; others see a 403, strangers the sign-in page."""

    def decorate(
        view: Callable[Concatenate[StaffRequest, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        @login_required
        def checked(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.has_any_role(*roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate

"""What the directors' pages share."""

from django.http import HttpRequest

from ssp.core.models import User
from ssp.core.roles import Role

DIRECTOR = (Role.DIRECTOR,)


def signed_in_director(request: HttpRequest) -> User:
    """Return who is signed in; the services decide whether they are a director."""
    assert isinstance(request.user, User)
    return request.user

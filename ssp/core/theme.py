"""Light, dark, or what the system says: a cookie, rendered by the server."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "theme"
THEMES = {"light": "paper", "dark": "ink"}  # anything else follows the system
YEAR = 365 * 24 * 3600


def theme(request: HttpRequest) -> dict[str, str]:
    """Return the person's choice and the name of the theme that carries it out."""
    choice = request.COOKIES.get(COOKIE, "")
    return {"theme_choice": choice if choice in THEMES else "system", "theme": THEMES.get(choice, "")}


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the choice and go back to where it was made."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    choice = request.POST.get("theme", "")
    if choice in THEMES:
        response.set_cookie(
            COOKIE, choice, max_age=YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(COOKIE)
    return response

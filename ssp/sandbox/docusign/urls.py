"""Every address of the stand-in. OAuth's refuse plain HTTP; the rest is served over it."""

from django.conf import settings
from django.urls import path, re_path
from django.views.static import serve

from ssp.sandbox.docusign import api, console, oauth, signing
from ssp.sandbox.slack import api as slack

ACCOUNT = "restapi/v2.1/accounts/<str:account_id>/envelopes"

urlpatterns = [
    path("oauth/token", oauth.token),
    path("oauth/userinfo", oauth.userinfo),
    path("oauth/auth", oauth.consent),
    path(ACCOUNT, api.envelopes_view),
    path(f"{ACCOUNT}/<str:envelope_id>", api.envelope_view),
    path(f"{ACCOUNT}/<str:envelope_id>/recipients", api.recipients_view),
    path(f"{ACCOUNT}/<str:envelope_id>/documents/<str:document_id>", api.document_view),
    path(f"{ACCOUNT}/<str:envelope_id>/views/recipient", api.recipient_view),
    path("signing/<str:token>/", signing.page, name="signing"),
    path("signing/<str:token>/sign/", signing.sign, name="sign"),
    path("signing/<str:token>/decline/", signing.decline, name="decline"),
    path("signing/<str:token>/document.pdf", signing.document, name="document"),
    path("signing/<str:token>/page/<int:number>.png", signing.picture, name="picture"),
    path("", console.home, name="home"),
    path("faults/", console.faults, name="faults"),
    path("flush/", console.flush, name="flush"),
    path("healthz", console.healthz),
    path("slack/api/<str:method>", slack.call),
    re_path(r"^static/(?P<path>dist/.*)$", serve, {"document_root": settings.BASE_DIR / "static"}),
]

"""Addresses of the partnership."""

from django.urls import path

from partners.views import applying, channels, papers, partnership, programme, recruits, signing, welcome

app_name = "partners"

urlpatterns = [
    path("", programme.programme, name="programme"),
    path("apply/", applying.apply, name="apply"),
    path("application/", applying.application, name="application"),
    path("application/signature/", signing.signature, name="signature"),
    path("join/<str:token>/", applying.join, name="join"),
    path("recruits/", recruits.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", recruits.revoke, name="revoke"),
    path("welcome/<str:token>/", welcome.welcome, name="welcome"),
    path("partnership/", partnership.partnership, name="partnership"),
    path("partnership/end/", partnership.end, name="partnership_end"),
    path("partnership/keep/", partnership.keep, name="partnership_keep"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<int:pk>/joined/", channels.joined, name="channel_joined"),
    path("channels/<int:pk>/help/", channels.ask, name="channel_help"),
    path("contracts/documents/<int:pk>/", papers.document, name="document"),
]

"""Addresses of the partnership."""

from django.urls import path

from partners.views import applying, channels, papers, programme, recruits

app_name = "partners"

urlpatterns = [
    path("", programme.programme, name="programme"),
    path("apply/", applying.apply, name="apply"),
    path("application/", applying.application, name="application"),
    path("join/<str:token>/", applying.join, name="join"),
    path("recruits/", recruits.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", recruits.revoke, name="revoke"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<int:pk>/joined/", channels.joined, name="channel_joined"),
    path("channels/<int:pk>/help/", channels.ask, name="channel_help"),
    path("contracts/documents/<int:pk>/", papers.document, name="document"),
]

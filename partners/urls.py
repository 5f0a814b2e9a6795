"""Addresses of the partnership."""

from django.urls import path

from partners.views import applying, library, papers, programme, recruits

app_name = "partners"

urlpatterns = [
    path("", programme.programme, name="programme"),
    path("apply/", applying.apply, name="apply"),
    path("application/", applying.application, name="application"),
    path("join/<str:token>/", applying.join, name="join"),
    path("recruits/", recruits.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", recruits.revoke, name="revoke"),
    path("resources/", library.library, name="library"),
    path("resources/<int:pk>/", library.resource, name="library_resource"),
    path("resources/versions/<int:pk>/download/", library.download, name="library_download"),
    path("resources/versions/<int:pk>/preview/", library.preview, name="library_preview"),
    path("contracts/documents/<int:pk>/", papers.document, name="document"),
]

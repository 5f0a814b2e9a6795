"""Addresses of the partnership."""

from django.urls import path

from partners.views import applying, guides, papers, programme, recruits

app_name = "partners"

urlpatterns = [
    path("", programme.programme, name="programme"),
    path("apply/", applying.apply, name="apply"),
    path("application/", applying.application, name="application"),
    path("join/<str:token>/", applying.join, name="join"),
    path("guides/", guides.guides, name="guides"),
    path("guides/<slug:slug>/", guides.guide, name="guide"),
    path("guides/<slug:slug>/versions/<int:version>/", guides.guide_version, name="guide_version"),
    path("recruits/", recruits.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", recruits.revoke, name="revoke"),
    path("contracts/documents/<int:pk>/", papers.document, name="document"),
]

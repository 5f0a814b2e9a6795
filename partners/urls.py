"""Addresses of the partnership."""

from django.urls import path

from partners import views

app_name = "partners"

urlpatterns = [
    path("", views.programme, name="programme"),
    path("apply/", views.apply, name="apply"),
    path("application/", views.application, name="application"),
    path("join/<str:token>/", views.join, name="join"),
    path("recruits/", views.recruits, name="recruits"),
    path("recruits/<int:pk>/withdraw/", views.revoke, name="revoke"),
    path("contracts/documents/<int:pk>/", views.document, name="document"),
]

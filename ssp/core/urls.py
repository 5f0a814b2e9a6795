"""Addresses that belong to no app."""

from django.urls import path

from ssp.core import health, preference_pages, theme, views

app_name = "core"

urlpatterns = [
    path("after-sign-in/", views.after_sign_in, name="after_sign_in"),
    path("join/staff/<str:token>/", views.join_staff, name="join_staff"),
    path("preferences/", preference_pages.preferences, name="preferences"),
    path("mail/stop/<str:token>/", preference_pages.stop_mail, name="stop_mail"),
    path("theme/", theme.choose, name="theme"),
    path("privacy/", views.privacy, name="privacy"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

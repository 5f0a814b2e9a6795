"""Addresses of the partner's home."""

from django.urls import path

from ssp.portal import views

app_name = "portal"

urlpatterns = [path("home/", views.home, name="home")]

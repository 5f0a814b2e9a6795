"""Addresses of the partner's home."""

from django.urls import path

from ssp.portal import views, views_own_data

app_name = "portal"

urlpatterns = [
    path("home/", views.home, name="home"),
    path("my-data/", views_own_data.own_data, name="own_data"),
]

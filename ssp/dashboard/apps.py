from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "ssp.dashboard"
    label = "dashboard"

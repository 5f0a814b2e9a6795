from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "ssp.dashboard"
    label = "dashboard"

    def ready(self) -> None:
        from ssp.dashboard import handlers  # noqa: F401 - registers them

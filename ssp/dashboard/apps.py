from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "ssp.dashboard"
    label = "dashboard"

    def ready(self) -> None:
        from ssp.dashboard import handlers, mails  # noqa: F401 - they register what is delivered

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import handlers, mails  # noqa: F401 - they register what is delivered

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import channel_handlers, handlers  # noqa: F401 - registers what the outbox delivers

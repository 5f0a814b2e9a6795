from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import (
            handlers,  # noqa: F401 - registers what the outbox delivers
            handlers_library,  # noqa: F401
        )

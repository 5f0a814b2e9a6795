from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        from partners import (
            handlers,  # noqa: F401 - registers what the outbox delivers
            partnership_ends,  # noqa: F401 - registers what the end of a partnership means
        )

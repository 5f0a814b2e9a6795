from django.apps import AppConfig


class CommissionsConfig(AppConfig):
    name = "commissions"

    def ready(self) -> None:
        from commissions import (
            handlers,  # noqa: F401 - registers what the outbox delivers
            partnership_ends,  # noqa: F401 - registers what the end of a partnership means
        )

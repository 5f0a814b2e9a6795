from django.apps import AppConfig


class CommissionsConfig(AppConfig):
    name = "commissions"

    def ready(self) -> None:
        from commissions import (  # noqa: F401 - what the outbox delivers, and what an ending means
            handlers,
            partnership_ends,
        )

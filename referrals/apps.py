from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"

    def ready(self) -> None:
        from referrals import (  # noqa: F401 - what the outbox delivers, and what an ending means
            handlers,
            partnership_ends,
        )

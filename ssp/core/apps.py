from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "ssp.core"
    label = "core"
    verbose_name = "People and plumbing"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin

        from ssp.core import (  # noqa: F401 - they register checks, deliveries and what follows a sign-in
            checks,
            delivery,
            handlers,
            mails,
            second_factor,
        )

        # The admin has no door of its own: same sign-in, same second factor.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("ssp.core.urls")),
    path("accounts/", include("allauth.urls")),
    path("docusign/", include("ssp.docusign.urls")),
    path("", include("partners.urls")),
    path("", include("referrals.urls")),
    path("", include("commissions.urls")),
    path("", include("ssp.portal.urls")),
    path("desk/", include("ssp.dashboard.urls")),
    path("admin/", admin.site.urls),
]
if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include("ssp.sandbox.urls")))

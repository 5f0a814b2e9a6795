"""The stand-in's own small Django site: no database, no sessions, a strict CSP, its own addresses."""

from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parents[3]

SITE: dict[str, Any] = {
    "ROOT_URLCONF": "ssp.sandbox.docusign.urls",
    "ALLOWED_HOSTS": ["127.0.0.1", "localhost"],
    "INSTALLED_APPS": [],
    "MIDDLEWARE": [
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "ssp.sandbox.docusign.errors.ErrorsAsDocuSignSaysThem",
    ],
    "TEMPLATES": [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [BASE_DIR / "templates"],
            "OPTIONS": {"builtins": ["django.templatetags.i18n"]},
        }
    ],
    "SECURE_CSP": {
        "default-src": [CSP.NONE],
        "style-src": [CSP.SELF],
        "img-src": [CSP.SELF, "data:"],
        "font-src": [CSP.SELF],
        # After the button of a signing page comes the sender's return address.
        "form-action": [CSP.SELF, "http:", "https:"],
        "frame-ancestors": [CSP.NONE],
        "base-uri": [CSP.NONE],
    },
    "APPEND_SLASH": False,
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 35 * 1024 * 1024,  # DocuSign's own limit for a request
}


def configure() -> None:
    """Make this process that site. The package's Celery app has loaded the application's settings before."""
    for name, value in SITE.items():
        setattr(settings, name, value)
    django.setup(set_prefix=False)

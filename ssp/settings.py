"""One settings file; the environment decides (docs/operations.md lists every variable).

Production is what you get when nothing is said: it has no default secret and refuses the sandbox.
"""

from decimal import Decimal
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(env.str("SSP_ENV_FILE", default=str(BASE_DIR / ".env")))

ENVIRONMENT = env.str("SSP_ENV", default="production")
if ENVIRONMENT not in {"production", "development", "test"}:
    raise ImproperlyConfigured("SSP_ENV is production, development or test.")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG shows settings and people to strangers. Unset it in production.")


def secret(name: str) -> str:
    """Return a secret: required in production, a well-known value elsewhere."""
    value = env.str(name, default="")
    if not value and PRODUCTION:
        raise ImproperlyConfigured(f"Set {name} in the environment (see docs/operations.md).")
    return value or f"{name.lower()}-for-development-only-" + "0" * 40


# --- what it is -------------------------------------------------------------
SECRET_KEY = secret("SECRET_KEY")
IDENTITY_HASH_KEY = secret("IDENTITY_HASH_KEY")  # C12: identities are stored as a keyed hash
FIELD_ENCRYPTION_KEY = secret("FIELD_ENCRYPTION_KEY")  # TOTP secrets, account numbers at rest
FIELD_ENCRYPTION_KEYS_BEFORE = env.list("FIELD_ENCRYPTION_KEYS_BEFORE", default=[])  # they still open
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "testserver"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL] if PRODUCTION else [])
SANDBOX = env.bool("SSP_SANDBOX", default=False)
STATE_DIR = Path(env.str("SSP_STATE", default=str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_countries",
    "django_fsm",
    "django_structlog",
    "pgtrigger",
    "ssp.core",
    "ssp.docusign",
    "partners",
    "referrals",
    "commissions",
    "ssp.portal",
    "ssp.dashboard",
]
if SANDBOX:
    INSTALLED_APPS.append("ssp.sandbox")
if ENVIRONMENT == "test":
    INSTALLED_APPS.append("django_migration_linter")  # ./dev check asks it

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "ssp.core.middleware.Probes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ssp.core.middleware.StaffNeedTwoFactors",
    "ssp.core.middleware.AsTheReaderChose",
]

ROOT_URLCONF = "ssp.urls"
WSGI_APPLICATION = "ssp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ssp.core.context.site",
                "ssp.core.theme.theme",
            ],
            "builtins": ["django.templatetags.i18n"],
        },
    }
]
FORM_RENDERER = "ssp.core.rendering.SspRenderer"

# --- data -------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///ssp")}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = Path(
    env.str("MEDIA_ROOT", default=str(STATE_DIR / "files"))
)  # private: nothing serves it by URL
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
LIBRARY_MAX_BYTES = env.int("LIBRARY_MAX_MB", default=50) * 1024 * 1024  # C13: one file of the library
FILE_DELIVERY = env.str("FILE_DELIVERY", default="django")  # who sends private files: ssp/core/delivery.py
FILE_ACCEL_PREFIX = env.str("FILE_ACCEL_PREFIX", default="/private-files/")

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_URL", default=REDIS_URL),
        "KEY_PREFIX": "ssp",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

# --- queue: Redis may be lost at any moment; the outbox in PostgreSQL is the truth ----
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240  # what hangs is ended before Redis hands it to a second worker (below)
CELERY_TASK_TIME_LIMIT = 270
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "max_retries": 1,
}
CELERY_TASK_PUBLISH_RETRY = False  # the sweeper finds what a lost nudge missed
BEAT_TICK_SECONDS = env.float("BEAT_TICK_SECONDS", default=60.0 if PRODUCTION else 1.0)

# --- people and sessions ----------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "ssp.core.auth.RoleBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if ENVIRONMENT == "test":  # tests make hundreds of people, and no secret
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "core:after_sign_in"
ACCOUNT_ADAPTER = "ssp.core.auth.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "ssp.core.forms.SignupForm",
    "add_email": "ssp.core.forms.AddEmailForm",
    "change_password": "ssp.core.forms.ChangePasswordForm",
    "set_password": "ssp.core.forms.SetPasswordForm",
    "reset_password": "ssp.core.forms.ResetPasswordForm",
    "reset_password_from_key": "ssp.core.forms.ResetPasswordKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "partners:programme"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # a borrowed session doesn't become a taken account
# Without it everybody behind the proxy would share one allowance of wrong passwords.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1 if PRODUCTION else 0)
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"} if PRODUCTION else False
MFA_ADAPTER = "ssp.core.auth.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "SeMI Sales Partnership"
MFA_TOTP_TOLERANCE = 1  # a code read at the end of its 30 seconds is typed in the next (RFC 6238, 5.2)
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = "Lax"

# --- the browser ------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "manifest-src": [CSP.SELF],
    "object-src": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist")]  # what `npm run build` made; never the sources
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION

# --- language and time ------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
FORMAT_MODULE_PATH = ["ssp.formats"]
USE_TZ = True
TIME_ZONE = "Europe/Amsterdam"  # the programme's time zone

# --- mail and signing -------------------------------------------------------
_mail = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25")
MAILERS = {
    "default": {
        "BACKEND": _mail["EMAIL_BACKEND"],
        "OPTIONS": {
            "host": _mail.get("EMAIL_HOST") or "127.0.0.1",
            "port": _mail.get("EMAIL_PORT") or 25,
            "username": _mail.get("EMAIL_HOST_USER") or "",
            "password": _mail.get("EMAIL_HOST_PASSWORD") or "",
            "use_tls": bool(_mail.get("EMAIL_USE_TLS")),
            "use_ssl": bool(_mail.get("EMAIL_USE_SSL")),
            "timeout": 20,
        },
    }
}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="SeMI Sales Partnership <partners@semi.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SEMI = {  # who pays, as statements print it
    "LEGAL_NAME": env.str("SEMI_LEGAL_NAME", default="SeMI Technologies B.V."),
    "ADDRESS": env.str(
        "SEMI_ADDRESS", default="" if PRODUCTION else "Voorbeeldkade 1\\n1011 AA Amsterdam"
    ).replace("\\n", "\n"),
    "COUNTRY": env.str("SEMI_COUNTRY", default="NL"),
    "VAT_NUMBER": env.str("SEMI_VAT_NUMBER", default="" if PRODUCTION else "NL000000000B01"),
}
OWN_DOMAINS = env.list("OWN_DOMAINS", default=["semi.technology", "weaviate.io", "semi.example"])

DOCUSIGN = {
    "OAUTH_HOST": env.str("DOCUSIGN_OAUTH_HOST", default="account-d.docusign.com"),
    "INTEGRATION_KEY": env.str("DOCUSIGN_INTEGRATION_KEY", default=""),
    "USER_ID": env.str("DOCUSIGN_USER_ID", default=""),
    "ACCOUNT_ID": env.str("DOCUSIGN_ACCOUNT_ID", default=""),
    "PRIVATE_KEY": env.str("DOCUSIGN_PRIVATE_KEY", default="").replace("\\n", "\n"),
    "CA_CERT": env.str("DOCUSIGN_CA_CERT", default=""),
    "HMAC_KEYS": env.list("DOCUSIGN_HMAC_KEYS", default=[]),
    "CONNECT_URL": env.str("DOCUSIGN_CONNECT_URL", default=""),
}
SLACK = {  # without a bot's token, people do what it would
    "BOT_TOKEN": env.str("SLACK_BOT_TOKEN", default=""),
    "API_URL": env.str("SLACK_API_URL", default="https://slack.com/api/"),
}

# --- money: the books, and what leaves for the bank ---------------------------
# Accounts of the journal that bookkeeping gets (docs/operations.md): the usual places of the Dutch decimal
# scheme, where 1 is what is owed and owned at short term and 4 is costs.
BOOKKEEPING = {
    "EXPENSE": env.str("BOOKKEEPING_EXPENSE", default="4550"),  # selling costs
    "ACCRUED": env.str("BOOKKEEPING_ACCRUED", default="1950"),  # costs still to be paid
    "PAYABLE": env.str("BOOKKEEPING_PAYABLE", default="1600"),  # creditors
    "VAT": env.str("BOOKKEEPING_VAT", default="1520"),  # VAT to reclaim
    "BANK": env.str("BOOKKEEPING_BANK", default="1100"),
    "OPENING": env.str("BOOKKEEPING_OPENING", default="1990"),  # balances that moved in
}

SEPA_DEBTOR = {  # the account that payouts leave from; production has none until it is set
    "NAME": env.str("SEPA_DEBTOR_NAME", default="" if PRODUCTION else "SeMI Technologies B.V."),
    "IBAN": env.str("SEPA_DEBTOR_IBAN", default="" if PRODUCTION else "NL91ABNA0417164300"),
    "BIC": env.str("SEPA_DEBTOR_BIC", default=""),
}
PAYOUT_MINIMUMS = {  # less than that is carried forward; a currency that isn't named has none
    currency: Decimal(amount)
    for currency, amount in env.dict(
        "PAYOUT_MINIMUMS", default={"EUR": "25", "USD": "25", "GBP": "25"}
    ).items()
}
SANDBOX_URL = env.str("SSP_SANDBOX_URL", default="")

# --- logs: JSON lines with a request id that follows into tasks, ids only -----
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
LOGGING_CONFIG = "ssp.core.logs.configure"
LOGGING = {"level": LOG_LEVEL, "json": PRODUCTION}
SILENCED_SYSTEM_CHECKS: list[str] = []

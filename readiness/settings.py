"""Django settings, from the environment. Unsafe combinations refuse to start (checklists/checks.py).

Every variable is described in docs/operating.md.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from readiness import env
from readiness.engine.isolation import LEVELS

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("READINESS_DATA_DIR", str(BASE_DIR / "var"))).resolve()

DEBUG = env.boolean("READINESS_DEBUG", default=False)
SECRET_KEY = env.text("READINESS_SECRET_KEY") or env.kept(DATA_DIR / "secret-key")
PUBLIC_URL = env.text("READINESS_PUBLIC_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("READINESS_ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or "localhost")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# The directories under which run directories may lie; nothing outside them is ever read.
RUN_ROOTS = [Path(p).resolve() for p in env.words("READINESS_RUN_ROOTS", str(BASE_DIR / "examples"))]
PROBE_HOSTS = env.words("READINESS_PROBE_HOSTS")
ALLOWED_COMMANDS = env.words("READINESS_ALLOWED_COMMANDS")
PROBE_TOKENS = env.words("READINESS_TOKENS")
# Private signing keys; empty is `keys` in the data directory. Web server and workers share it.
KEY_DIR = env.text("READINESS_KEY_DIR")
# The organisation's own certificate for report PDFs, and its key; empty is one of the installation's own.
REPORT_CERTIFICATE_FILE = env.text("READINESS_REPORT_CERTIFICATE_FILE")
REPORT_KEY_FILE = env.text("READINESS_REPORT_KEY_FILE")
# Checkpoints of the audit log: how often, and where they go off the host (docs/audit-log.md).
CHECKPOINT_MINUTES = env.integer("READINESS_CHECKPOINT_MINUTES", 60)
CHECKPOINT_FILE = env.text("READINESS_CHECKPOINT_FILE")
CHECKPOINT_MAIL = env.words("READINESS_CHECKPOINT_MAIL")
MIN_ISOLATION = env.choice("READINESS_MIN_ISOLATION", LEVELS)
EVIDENCE_MAX_BYTES = env.integer("READINESS_EVIDENCE_MAX_MB", 25) * 1_000_000
# The evidence that one audit bundle may hold.
BUNDLE_MAX_BYTES = env.integer("READINESS_BUNDLE_MAX_MB", 1000) * 1_000_000
# The largest file that the page takes to verify; larger ones are verified by `readiness verify`.
VERIFY_MAX_BYTES = env.integer("READINESS_VERIFY_MAX_MB", 500) * 1_000_000
WAIVER_MAX_DAYS = env.integer("READINESS_WAIVER_MAX_DAYS", 180)
# The largest run that `readiness push` may bring, and the largest archive that the page takes.
PUSH_MAX_BYTES = env.integer("READINESS_PUSH_MAX_GB", 50) * 1_000_000_000
UPLOAD_MAX_BYTES = env.integer("READINESS_UPLOAD_MAX_MB", 500) * 1_000_000
# Requests a minute: of one token, and wrong tokens from one address.
API_RATE = env.integer("READINESS_API_RATE", 600)
API_FAILURES = env.integer("READINESS_API_FAILURES", 30)
CHECK_SECONDS = env.integer("READINESS_CHECK_SECONDS", 120)
REPORT_SECONDS = env.integer("READINESS_REPORT_SECONDS", 120)
# A worker that says nothing for this long after its time is up is taken for dead.
LEASE_MARGIN_SECONDS = env.integer("READINESS_LEASE_MARGIN_SECONDS", 15)
# A queued row whose message is older than this is sent again.
RESEND_SECONDS = env.integer("READINESS_RESEND_SECONDS", 15)
SWEEP_SECONDS = env.integer("READINESS_SWEEP_SECONDS", 5)
# Celery kills a task's process here: before its lease ends, so that nobody else has started by then.
HARD_LIMIT_MARGIN_SECONDS = LEASE_MARGIN_SECONDS * 2 / 3

# What goes out: webhooks to these hosts only; mail by this server; chats and pagers by these names.
WEBHOOK_HOSTS = env.words("READINESS_WEBHOOK_HOSTS")
CHANNELS = env.pairs("READINESS_CHANNELS")
EMAIL_HOST = env.text("READINESS_MAIL_HOST")
EMAIL_PORT = env.integer("READINESS_MAIL_PORT", 587)
EMAIL_HOST_USER = env.text("READINESS_MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("READINESS_MAIL_PASSWORD")
_mail_tls = env.choice("READINESS_MAIL_TLS", ("starttls", "tls", "none")) or "starttls"
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail_tls == "starttls", _mail_tls == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text(
    "READINESS_MAIL_FROM", f"readiness@{urlsplit(PUBLIC_URL).hostname}"
)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "checklists",
]

MIDDLEWARE = [
    # First, so that static files, redirects and errors have them too.
    "checklists.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "checklists.access_log.WhereMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "checklists.middleware.ReadinessMiddleware",
    "checklists.auditors.AuditorMiddleware",
]

ROOT_URLCONF = "readiness.urls"
WSGI_APPLICATION = "readiness.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "checklists.context.shell",
            ],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'readiness.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Limits of sign-in attempts must be shared by all processes, so the cache is a table, not memory.
CACHES = {
    "default": {
        "BACKEND": "checklists.shared_cache.SharedCache",
        "LOCATION": "shared_cache",
        # With Django's 300, attempts on a few hundred made-up names would push out the ones that count.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "checklists.Person"
AUTHENTICATION_BACKENDS = ["checklists.accounts.PeopleOnly"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "checklists.accounts.Adapter"
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    # A stolen session must not find the password, which signs, faster than by signing.
    "change_password": "5/300s/user",
    "reauthenticate": "5/300s/user",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300

# Second factors and passkeys (docs/sign-in.md).
MFA_ADAPTER = "checklists.accounts.Factors"
MFA_FORMS = {
    "authenticate_webauthn": "checklists.forms.passkeys.Authenticate",
    "login_webauthn": "checklists.forms.passkeys.Login",
    "reauthenticate_webauthn": "checklists.forms.passkeys.Reauthenticate",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
# A code is remembered as used for its own 30 seconds; with a tolerance it would outlive that.
MFA_TOTP_TOLERANCE = 0
MFA_TOTP_ISSUER = f"Readiness {urlsplit(PUBLIC_URL).hostname}"

# Single sign-on by OpenID Connect: off without an issuer (docs/sign-in.md).
OIDC_ISSUER = env.text("READINESS_OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("READINESS_OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("READINESS_OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("READINESS_OIDC_NAME", "your organisation")
# Hosts that are asked besides the issuer's own, e.g. for keys; `+private` where an address is private.
OIDC_HOSTS = env.words("READINESS_OIDC_HOSTS")
OIDC_CREATE = env.boolean("READINESS_OIDC_CREATE", default=False)
OIDC_LINK_BY_EMAIL = env.boolean("READINESS_OIDC_LINK_BY_EMAIL", default=False)

# Behind a reverse proxy: how many of them append to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("READINESS_TRUSTED_PROXIES", 0)

LANGUAGE_CODE = "en"
TIME_ZONE = env.text("READINESS_TIME_ZONE", "UTC")
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "checklists.blobs.BlobStorage",
        "OPTIONS": {"location": str(DATA_DIR / "blobs")},
    },
    "staticfiles": {"BACKEND": "checklists.staticfiles.StaticStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FILES = 3  # a file to verify, with a key and a checkpoint of one's own
FILE_UPLOAD_HANDLERS = [
    "checklists.uploads.CountingUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "checklists.uploads.BoundedUploadHandler",
]

_https = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Lax, not Strict: whoever follows a link in a mail, or comes back from single sign-on, is still signed in.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if _https:  # no other host of the domain can plant a cookie of such a name
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = _https and env.boolean("READINESS_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.boolean("READINESS_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [NONE],
        "object-src": [NONE],
        "frame-src": [NONE],
        "child-src": [NONE],
        "worker-src": [NONE],
        "media-src": [NONE],
    }
}

CELERY_BROKER_URL = env.text("REDIS_URL", "redis://localhost:6379/0")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A message is handed out again only after this; every task's hard limit lies well below it.
    "visibility_timeout": max(900, 2 * (max(CHECK_SECONDS, REPORT_SECONDS) + LEASE_MARGIN_SECONDS)),
    # kombu looks for such messages once in interval × throttle seconds (default 100): make that 10.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    # How long a click waits for a broker that is away, before its rows are left to the sweep: two tries.
    # (The worker's own waiting for the broker is BROKER_CONNECTION_MAX_RETRIES below: for ever.)
    "max_retries": 1,
    "interval_start": 0.1,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# A click must not wait for a broker that is away: the row stays queued and the sweep sends it.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000  # kB
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "readiness.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    # One that waited longer than this in the queue has nothing to say any more.
    "sweep": {
        "task": "checklists.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 2 * SWEEP_SECONDS},
    },
    "checkpoints": {
        "task": "checklists.checkpoints",
        "schedule": 60 * CHECKPOINT_MINUTES,
        "options": {"expires": 60 * CHECKPOINT_MINUTES},
    },
    "tidy": {"task": "checklists.tidy", "schedule": 3600, "options": {"expires": 3600}},
}
CELERY_TIMEZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "checklists.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.text("READINESS_LOG_LEVEL", "INFO")},
}

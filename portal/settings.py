"""All settings of the portal, each read once and typed through ``portal.env``.

What each variable means stands in ``docs/settings.md``.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from portal.broker import checked
from portal.database import database
from portal.env import (
    env_bool,
    env_int,
    env_list,
    env_networks,
    env_pairs,
    env_secret,
    env_str,
    pairs,
)
from portal.his.entrances import entrances
from portal.ui.logs import numbers_only

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))

DEBUG = False
DEMO = env_bool("DEMO", False)
# A trial without a secret still must not run with a published one: see portal.checks.
SECRET_KEY = env_secret("SECRET_KEY", "trial-only-" + "x" * 50)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HOSPITAL_NAME = env_str("HOSPITAL_NAME", "云溪市人民医院")
# Campus -> the institution doctors are registered at to work there.
CAMPUS_INSTITUTIONS = env_pairs("CAMPUS_INSTITUTIONS")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "simple_history",
    "corsheaders",
    "csp",
    "axes",
    "django_htmx",
    "portal.audit",
    "portal.his",
    "portal.parameters",
    "portal.directory",
    "portal.accounts",
    "portal.files",
    "portal.jobs",
    "portal.ui",
    "portal.outbox",
    "portal.notices",
    "portal.watch",
    "portal.desk",
    # The roof: loads our Celery application and the system checks in every process;
    # also makes portal/static a directory the static finders look into.
    "portal.apps.PortalConfig",
    "surgery",
    "permissions",
    "reports",
    "his_plugin",
]

MIDDLEWARE = [
    "portal.ui.middleware.RequestLogMiddleware",
    "portal.audit.middleware.OriginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "portal.ui.policy.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.ui.sane_text.SaneTextMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.middleware.SessionLimitsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.ui.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "portal.ui.templatetags.yw"],
        },
    }
]

FORM_RENDERER = "portal.ui.forms.FormRenderer"
CSRF_FAILURE_VIEW = "portal.ui.errors.csrf_failed"

# --- our own database -------------------------------------------------------------

DATABASES = {
    "default": database(
        env_secret("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")
    )
}

# A file of shared memory that tells the processes of one machine of changed rights;
# empty: every check asks the database whether there are any.
RIGHTS_STAMP = env_str("RIGHTS_STAMP", "")

# --- the HIS ------------------------------------------------------------------------

# SQLAlchemy URL of the HIS database that offers the views and functions.
HIS_DSN = env_secret("HIS_DSN", f"sqlite:///{VAR_DIR / 'his.sqlite3'}")
# The mapping of this HIS, a file or the name of one that comes with us: tells which
# interfaces it does not have. The demo HIS brings its own.
IS_DEMO_HIS = DEMO or not env_secret("HIS_DSN", "")
HIS_MAPPING = env_str("HIS_MAPPING", "demo_his" if IS_DEMO_HIS else "")
# Where changes are sent when not there: mllp://… or rest+https://….
HIS_PUSH_DSN = env_secret("HIS_PUSH_DSN", "")
# Further places that are told, and limits of all of them: TOML, see portal.his.targets.
HIS_TARGETS = env_secret("HIS_TARGETS", "")
HIS_TIMEOUT_SECONDS = env_int("HIS_TIMEOUT_SECONDS", 10, minimum=1, maximum=120)
# So long a message is one worker's; one that died is noticed after it.
OUTBOX_LEASE_SECONDS = env_int("OUTBOX_LEASE_SECONDS", 60, minimum=2, maximum=3600)
# Messages of different streams a worker sends side by side.
OUTBOX_LANES = env_int("OUTBOX_LANES", 2, minimum=1, maximum=4)
# Who may open us: stations as "APP=key" words, and everything else as TOML.
LAUNCH = entrances(
    pairs("LAUNCH_KEYS", [w for w in env_secret("LAUNCH_KEYS", "").split(",") if w]),
    env_secret("LAUNCH_APPS", ""),
)
# Origins of the doctor stations: they may frame our embedded pages and call the field.
STATION_ORIGINS = env_list("STATION_ORIGINS")

# --- notices: mail and webhooks -------------------------------------------------------

# How people reach us, for links in mails and webhooks: https://yiwu.hospital.local
PORTAL_URL = env_str("PORTAL_URL", "").rstrip("/")
# Without a mail server nothing goes out by mail.
EMAIL_HOST = env_str("SMTP_HOST", "")
EMAIL_PORT = env_int("SMTP_PORT", 25, minimum=1, maximum=65535)
EMAIL_HOST_USER = env_str("SMTP_USER", "")
EMAIL_HOST_PASSWORD = env_secret("SMTP_PASSWORD", "")
EMAIL_USE_TLS = env_bool("SMTP_STARTTLS", False)
EMAIL_USE_SSL = env_bool("SMTP_TLS", False)
EMAIL_TIMEOUT = env_int("SMTP_TIMEOUT_SECONDS", 10, minimum=1, maximum=15)
DEFAULT_FROM_EMAIL = env_str("MAIL_FROM", "yiwu@localhost")
# The mail address of a staff number; empty: nobody is written to.
NOTICE_MAIL_ADDRESS = env_str("NOTICE_MAIL_ADDRESS", "")
# name -> address and name -> key of each endpoint; nothing else is ever called.
NOTICE_WEBHOOKS = env_pairs("NOTICE_WEBHOOKS")
NOTICE_WEBHOOK_KEYS = pairs(
    "NOTICE_WEBHOOK_KEYS",
    [word for word in env_secret("NOTICE_WEBHOOK_KEYS", "").split(",") if word],
)

# --- metrics --------------------------------------------------------------------------

# Who may read /metrics: the bearer of this token, and callers of these networks; without
# either nobody.
METRICS_TOKEN = env_secret("METRICS_TOKEN", "")
METRICS_ALLOWED = env_networks("METRICS_ALLOWED")

# --- the calendar -----------------------------------------------------------------------

# Days off that fall on a weekday, and weekend days that are worked (调休).
HOLIDAYS = env_list("HOLIDAYS")
WORKED_WEEKENDS = env_list("WORKED_WEEKENDS")

# --- Celery -------------------------------------------------------------------------

# REDIS_URL is its older name.
BROKER_URL = checked(
    env_secret("BROKER_URL", env_secret("REDIS_URL", "redis://127.0.0.1:6379/0"))
)
# What the Sentinels call the Redis to use.
BROKER_MASTER = env_str("BROKER_MASTER", "mymaster")
# Several beats may run, one of them elected by a lock in Redis; the demo has one.
BEAT_ELECTED = env_bool("BEAT_ELECTED", not DEMO)

# --- accounts -----------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "portal.accounts.backends.PortalBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "portal.accounts.passwords.PolicyValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "desk:home"
# A session from a station has no login page to go back to.
LAUNCH_ENDED_URL = "his_plugin:ended"
LOGOUT_REDIRECT_URL = "accounts:login"
AXES_FAILURE_LIMIT = "portal.accounts.lockout.failure_limit"
AXES_COOLOFF_TIME = "portal.accounts.lockout.cool_off"
AXES_LOCKOUT_CALLABLE = "portal.accounts.lockout.locked_page"
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_CALLABLE = "portal.accounts.lockout.lock_key"
AXES_SENSITIVE_PARAMETERS = ["staff_no", "username", "ip_address"]
# The lock ends LOCK_MINUTES after the failure that closed it, however often one tries.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # logins stand in our own event log, without names
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_ENGINE = "portal.accounts.session_store"
SECURE_COOKIES = env_bool("SECURE_COOKIES", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Framing is ruled by CSP frame-ancestors alone; X-Frame-Options cannot name origins.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
CORS_URLS_REGEX = r"^/plugin/v1/.*$"
CORS_ALLOWED_ORIGINS = STATION_ORIGINS
CORS_ALLOW_METHODS = ["GET", "POST", "OPTIONS"]

# --- texts --------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
# Set by the switch in the menu; else the browser's own language rules.
LANGUAGE_COOKIE_NAME = "yw_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- static files -------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
# Without a collectstatic run (demo, tests) the finders serve the files themselves.
WHITENOISE_USE_FINDERS = env_bool("STATIC_FROM_SOURCE", True)
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"
if not WHITENOISE_USE_FINDERS:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {
            "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        },
    }

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["portal.accounts.guards.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}

# --- logs: numbers, never persons ---------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso"),
                numbers_only,
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "axes": {"level": "ERROR"},  # its lines carry user names
    },
}

SILENCED_SYSTEM_CHECKS = [
    "axes.W006",  # the account is locked, from wherever the tries come
    "security.W002",  # framing is ruled by CSP frame-ancestors, which can name origins
    "security.W004",  # HSTS and the redirect to https belong to the proxy that ends TLS:
    "security.W008",  # see portal/deploy/nginx.conf
]

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

"""Settings come from the environment; every variable that is read here is listed in docs/settings.md."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config.limits import MAX_BODY_BYTES
from workspaces.logs import FORMATS

BASE_DIR = Path(__file__).resolve().parent.parent
COUNTERSIGN_HOME = Path(os.environ.get("COUNTERSIGN_HOME", BASE_DIR / "var")).absolute()

INSECURE_KEY = "insecure-only-for-commands-without-a-web-server"
SECRET_KEY = os.environ.get("SECRET_KEY", INSECURE_KEY)
DEBUG = False
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or "127.0.0.1"
IS_HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = [PUBLIC_HOST, *([] if IS_HTTPS else ["127.0.0.1", "localhost"])]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "channels",
    "config.apps.AdminConfig",
    "config.apps.WiringConfig",
    "workspaces",
    "tracing",
    "agents",
    "reviews",
    "console",
    *(["demo"] if os.environ.get("DEMO", "1") == "1" else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.errors.ProblemMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
AUTH_USER_MODEL = "workspaces.Person"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

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
                "console.context.shell",
            ],
        },
    },
]

# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def database(url: str, connections: int) -> dict[str, Any]:
    """Django's settings for one libpq URL; `prepare_threshold` makes psycopg prepare the runtime's statements."""
    parts = conninfo_to_dict(url)
    pool = {"min_size": 0, "max_size": connections, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "countersign"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {**parts, "prepare_threshold": 5, "pool": pool if connections else False},  # sslmode and the like
    }


DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql:///countersign")
DATABASES = {"default": database(DATABASE_URL, connections=int(os.environ.get("DATABASE_CONNECTIONS", "12")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery carries {run_id} and nothing else: config/celery.py -------------------------------------------------------

BROKER_URL = os.environ.get("BROKER_URL", "")

# --- Countersign ------------------------------------------------------------------------------------------------------

FLOW_SECONDS = float(os.environ.get("FLOW_SECONDS", "10"))  # so long a flow may compute between two effects
STANDSTILL_SECONDS = float(os.environ.get("STANDSTILL_SECONDS", "30"))  # then a process that is stuck ends itself
GATE = os.environ.get("GATE", "reviews.gate.Gate")
STOPPABLE = "agents.stopping.check_scope"  # (workspace, scope) -> Unprocessable where there is no such thing
CALLS_IN_FLIGHT = "agents.stopping.calls_in_flight"  # (workspace_id, scope) -> the calls that began before a stop
TOOL_MODULES = [name for name in os.environ.get("TOOL_MODULES", "").split(",") if name]
SWEEP_DUTIES: list[str] = [
    "workspaces.audit.chain",
    "workspaces.upkeep.upkeep",
    "agents.upkeep.upkeep",
    "agents.runtime.budgets.keeping.keep",
    "agents.runtime.turns.pass_turns",
    "agents.scheduling.fire_due",
    "reviews.expiry.expire",
    "reviews.claims.lapse",
    "reviews.later.end",
    "reviews.webhooks.announcing.announce",
    "reviews.webhooks.sending.send",
    "reviews.webhooks.retention.retain",
]
MAX_REQUESTS_A_MINUTE = int(os.environ.get("MAX_REQUESTS_A_MINUTE", "100"))  # of one run, then it is paused
UNSERVED_AFTER_SECONDS = float(os.environ.get("UNSERVED_AFTER_SECONDS", "600"))
READY_QUEUE_SECONDS = float(os.environ.get("READY_QUEUE_SECONDS", "30"))
READY_LAG_SECONDS = float(os.environ.get("READY_LAG_SECONDS", "60"))
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
BLOB_ABOVE_BYTES = int(os.environ.get("BLOB_ABOVE_BYTES", "65536"))
BLOB_STORE = os.environ.get("BLOB_STORE", "")
BLOB_STORE_KEY_ID = os.environ.get("BLOB_STORE_KEY_ID", "")
BLOB_STORE_SECRET = os.environ.get("BLOB_STORE_SECRET", "")
MAX_RESULT_BYTES = int(os.environ.get("MAX_RESULT_BYTES", str(50 * 1024 * 1024)))
OUTBOUND_ALLOWED = [entry for entry in os.environ.get("OUTBOUND_ALLOWED", "").split(",") if entry]
ANTHROPIC_API_KEY = os.environ.get("ANTHROPIC_API_KEY", "")
ANTHROPIC_BASE_URL = os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com")

# --- Web --------------------------------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = COUNTERSIGN_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing is uploaded
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
SERVESTATIC_MINIFY = sys.platform == "linux"  # in the compressed copies that browsers get
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "countersign_session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "countersign_csrf"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # asked from inside
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # HSTS for other names of the domain is not ours to say
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
}

# --- Logs: one line an event on the error stream; `up` keeps them in HOME/logs ----------------------------------------

LOG_FORMAT = os.environ.get("LOG_FORMAT") or ("text" if sys.stderr and sys.stderr.isatty() else "json")
if LOG_FORMAT not in FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT is json or text, not {LOG_FORMAT}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "about": {"()": "workspaces.logs.AboutFilter"},
        "no_probe": {"()": "django.utils.log.CallbackFilter", "callback": lambda line: "/readyz" not in line.args},
    },
    "formatters": {"json": {"()": "workspaces.logs.JsonLines"}, "text": {"()": "workspaces.logs.TextLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["about"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR", "filters": ["no_probe"]},  # a 404 is the caller's affair
        "celery.worker.strategy": {"level": "WARNING"},  # two lines for each doorbell say nothing
        "celery.app.trace": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},  # its lines hold whole addresses, and those of webhooks may hold secrets
    },
}

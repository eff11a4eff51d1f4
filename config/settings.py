"""The one settings file. What differs between installations comes from the environment and the data folder."""

import os
from importlib import import_module
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from salus.kernel.data_folder import secret
from salus.kernel.postgres import login

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("SALUS_DATA", "var")).absolute()
# Copies of the event log's signed heads; on another disk they also tell when this one was changed.
HEADS = Path(os.environ.get("SALUS_HEADS", DATA / "heads")).absolute()

# Which database role this process is: `serve`'s children are app and hold only app's password.
ROLE = os.environ.get("SALUS_ROLE", "app")
# Said by config.wsgi and config.mllp: their threads share the database.
HAS_THREADS = os.environ.get("SALUS_THREADS", "") == "1"
COUNTRY = os.environ.get("SALUS_COUNTRY", "salus.country.lu")
# Whether the report withholds small counts; None: always, but not of a sample of a synthetic nation.
DISCLOSURE_CONTROL = {"on": True, "off": False}.get(os.environ.get("SALUS_DISCLOSURE_CONTROL", ""))

DEBUG = False
DEMO = os.environ.get("SALUS_DEMO", "") == "1"  # lists the demo people on the sign-in page
SECRET_KEY = os.environ.get("SALUS_SECRET_KEY") or secret(DATA, "django_secret_key")
HERE = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = os.environ.get("SALUS_HOSTS", ",".join(HERE)).split(",")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_login = login(DATA, ROLE)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _login.host,
        "PORT": _login.port,
        "USER": _login.user,
        "PASSWORD": _login.password,
        "NAME": _login.dbname,
        "CONN_HEALTH_CHECKS": True,  # after a crash of the database the pool holds dead connections
        # Of servers, whose threads share it. A command has one thread, and one line for its user: a pool
        # would try again for half a minute, and say so in lines of its own.
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 8}} if HAS_THREADS else {},
    }
}

# The domains, from the ground up; the report asks each for its indicators in the order of REPORT_SERVICES.
DOMAINS = [
    "salus.audit",
    "salus.accounts",
    "salus.directory",
    "salus.mpi",
    "salus.access",
    "salus.shared_record",
    "salus.vaccination",
    "salus.eligibility",
    "salus.secure_mail",
    "salus.file_share",
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    *DOMAINS,
    "salus.activity_report",
    "salus.simulation",
    "salus.portal",  # before allauth: its templates win
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",  # its tables; what is done is in config.housekeeping
]

MIDDLEWARE = [
    "salus.kernel.origin.ProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "salus.portal.middleware.SoftwareMiddleware",  # what follows is for people at a browser
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "salus.portal.middleware.RightsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "salus.portal.context.frame",
            ],
        },
    },
]

LANGUAGE_CODE = "fr"
LANGUAGES = [
    ("fr", _("French")),
    ("de", _("German")),
    ("en", _("English")),
    ("lb", _("Luxembourgish")),
]
# Ours, and what Django and allauth lack in our languages or say badly.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "packages"]
FORMAT_MODULE_PATH = f"{COUNTRY}.formats"
TIME_ZONE = import_module(COUNTRY).TIME_ZONE
USE_TZ = True

# Straight from the packages: no step to forget before a start, nothing to copy into the data folder.
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 600  # seconds; then a browser asks whether the file is still the same

# Of each process: failed sign-ins and client authentications, counted for minutes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # so that a flood of them pushes none out
    }
}

AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "salus.access.sign_in.Adapter"
ACCOUNT_FORMS = {"login": "salus.accounts.forms.SignIn"}
ACCOUNT_SESSION_REMEMBER = (
    False  # a session ends with the browser, at the latest after SESSION_COOKIE_AGE
)
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_PREVENT_ENUMERATION = True
# A whole hospital is one address; failed sign-ins keep their own, narrower limits.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "software_request": "10/h/ip"}
CSRF_FAILURE_VIEW = "salus.portal.views.errors.csrf_failure"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True

# Whoever names hosts serves them by TLS, from a proxy in front; plain HTTP is for this machine alone.
_PUBLIC_HOSTS = [host for host in ALLOWED_HOSTS if host not in HERE]
# The issuer of tokens; None: whatever this machine was asked as.
ORIGIN = f"https://{_PUBLIC_HOSTS[0]}" if _PUBLIC_HOSTS else None
# Where software shows a certificate, of which no browser is to ask its user (deploy/nginx.conf).
MTLS_ORIGINS = [f"https://{host}" for host in _PUBLIC_HOSTS if host.startswith("mtls.")]
# Addresses of the proxy in front, as 127.0.0.1: only from there is believed who asked, and what certificate was shown.
TRUSTED_PROXIES = [name for name in os.environ.get("SALUS_TRUSTED_PROXY", "").split(",") if name]
SECURE_PROXY_SSL_HEADER = (
    "HTTP_X_FORWARDED_PROTO",
    "https",
)  # of those alone (salus.kernel.origin)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(_PUBLIC_HOSTS)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in _PUBLIC_HOSTS]
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
# A message may name one's doctor: it stays on the server, out of the browser's cookies.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# Apps in a browser ask from their own address (SMART App Launch, 2.2: CORS). Any origin may, but only where a token
# in a header opens the door, or nothing does: no cookie is ever let through, so a foreign page gets no more than its
# own server would. Where people sign in and permit, no other origin reads or sends anything.
CORS_URLS_REGEX = r"^/(fhir(/.*)?|\.well-known/.*|oauth/(token|jwks|userinfo|revoke))$"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "prefer", "x-request-id"),
    *("if-match", "if-none-match", "if-none-exist", "if-modified-since"),
]
CORS_EXPOSE_HEADERS = ["ETag", "Last-Modified", "Location", "WWW-Authenticate", "X-Request-ID"]

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None  # tasks are listed in config.housekeeping, not found
SUBSCRIPTIONS = "config.subscribers.SUBSCRIPTIONS"  # who hears of which domain event

# No request, query or exception text with values reaches a log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "salus.kernel.logs.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}

"""Settings: every value an operator may change comes from the environment, with a safe default."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp import constants as csp
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from config import embedded

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.var_folder()

DEBUG = env.bool("OPSLEDGER_DEBUG", default=False)
SECRET_KEY = embedded.secret_key()
ALLOWED_HOSTS = env.list("OPSLEDGER_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("OPSLEDGER_ORIGINS", default=[])

# Reached by https only (a proxy in front ends TLS)? Plain http, as on a first trial, must still log in.
HTTPS = env.bool("OPSLEDGER_HTTPS", default=False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
# How many proxies of our own stand in front; their headers are believed.
PROXIES = env.int("OPSLEDGER_PROXIES", default=0)
SECURE_HSTS_SECONDS = env.int("OPSLEDGER_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AXES_IPWARE_PROXY_COUNT = PROXIES or None
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether HSTS covers the subdomains,
    "security.W021",  # or the domain is preloaded, is for its owner to say, not for one product on it
]

DJANGO_APPS = [
    "unfold.apps.BasicAppConfig",  # the plain "unfold" would replace our admin site
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "config.apps.OpsLedgerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
THIRD_PARTY_APPS = [
    "simple_history",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "procrastinate.contrib.django",
]
OUR_APPS = ["audit", "accounts", "cmdb", "assets", "changes", "inspections"]
# The top of the stack is installed for its commands alone.
INSTALLED_APPS = [*DJANGO_APPS, *THIRD_PARTY_APPS, *OUR_APPS, "config.apps.HouseConfig"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "audit.middleware.AuditContextMiddleware",  # before sessions, whose saving it explains too
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.straight.TokenRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.reader.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.frame",
            ],
        },
    },
]

# As the application role, through the backend that tells PostgreSQL who writes and why.
DATABASES = {
    "default": embedded.database_settings() | {"ENGINE": "audit.postgresql", "ATOMIC_REQUESTS": True}
}
OWNER_DATABASE = embedded.owner_database_settings()  # owns the tables: migrations and test databases
ALLOW_OWNER = env.bool("OPSLEDGER_ALLOW_OWNER", default=False)  # serve as owner of the tables all the same
SIMPLE_HISTORY_REVERT_DISABLED = True  # going back is a change like any other, made in the form
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.permissions.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.login.LoginAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# Wrong passwords are counted by axes, in the database; this only slows a flood down.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": None}
CSRF_FAILURE_VIEW = "config.views.csrf_refused"

# Five wrong passwords for one name from one address: locked for 15 minutes, or until unlocked.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "accounts.login.name_tried"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_ENABLE_ADMIN = False

# Where people reach this server: the address in mails, which no request may choose.
BASE_URL = env("OPSLEDGER_URL", default="http://localhost:8000").rstrip("/")
# smtp://user:password@host:25, smtp+tls://…:587 or smtp+ssl://…:465; without it the pages alone tell people.
MAIL_IS_ON = bool(env("OPSLEDGER_SMTP_URL", default=""))
if MAIL_IS_ON:
    _mail = env.email_url("OPSLEDGER_SMTP_URL")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
    EMAIL_HOST = _mail["EMAIL_HOST"]
    EMAIL_PORT = _mail["EMAIL_PORT"] or (465 if EMAIL_USE_SSL else 587 if EMAIL_USE_TLS else 25)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_TIMEOUT = 20
EMAIL_USE_LOCALTIME = True
DEFAULT_FROM_EMAIL = env(
    "OPSLEDGER_MAIL_FROM", default=f"OpsLedger <opsledger@{urlsplit(BASE_URL).hostname or 'localhost'}>"
)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env("OPSLEDGER_TIME_ZONE", default="Asia/Shanghai")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
PLAIN_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": PLAIN_STATIC if DEBUG else "config.static.HashedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True  # what was not collected is served all the same

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.bodies.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.endpoints.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["accounts.endpoints.FilterBackend", "accounts.endpoints.Ordering"],
    "EXCEPTION_HANDLER": "accounts.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OpsLedger",
    "DESCRIPTION": _("Every record of the operations team. Errors have one shape; lists are paged by key."),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.permissions.RolePermission"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {  # a choice under two field names, or two under one
        "AssetStageEnum": "assets.workflow.Stage",
        "ChangeStateEnum": "changes.workflow.State",
        "ChangeKindEnum": "changes.workflow.Kind",
        "ChangeOutcomeEnum": "changes.workflow.Outcome",
        "VoteChoiceEnum": "changes.models.votes.Vote.Choice",
        "CollisionKindEnum": "changes.models.collisions.CollisionKind",
        "OperationKindEnum": "changes.models.plan.OperationKind",
        "DocumentKindEnum": "changes.models.plan.DocumentKind",
        "RiskEnum": "changes.models.request.Risk",
        "IncidentPriorityEnum": "changes.models.request.IncidentPriority",
        "TestPurposeEnum": "changes.models.evidence.TestRun.Purpose",
        "UnauthorisedStateEnum": "changes.models.control.UnauthorisedWrite.State",
        "ImpactDirectionEnum": "cmdb.views.impact_api.DIRECTIONS",
        "MoveDirectionEnum": "changes.api.meetings.UP_OR_DOWN",
        "CriticalityEnum": "cmdb.models.items.Criticality",
        "SeverityEnum": "inspections.severity.Severity",
        "BadSeverityEnum": "inspections.models.templates.BAD_CHOICES",
        "VersionStateEnum": "inspections.workflow.VersionState",
        "RunStateEnum": "inspections.workflow.RunState",
        "FindingStateEnum": "inspections.workflow.FindingState",
        "SignatureRoleEnum": "inspections.models.answers.Signature.Role",
        "DutyRoleEnum": "inspections.models.shifts.RosterEntry.Role",
        "ProofStrengthEnum": "accounts.step_up.Strength",
        "CheckItemKindEnum": "inspections.models.templates.TemplateItem.Kind",
        "SyncKindEnum": "inspections.actions.sync.KINDS",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Strict everywhere; config.site widens it for the admin's pages, where Unfold needs it.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.SELF],
        "script-src": [csp.SELF],
        "style-src": [csp.SELF],
        "img-src": [csp.SELF, "data:", "blob:"],
        "worker-src": [csp.SELF],
        "manifest-src": [csp.SELF],
        "object-src": [csp.NONE],
        "base-uri": [csp.SELF],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
    }
}
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Blue, as in static/config/house.css (Tailwind's blue in OKLCH).
PRIMARY_COLORS = {
    "50": "oklch(97% .014 254.604)",
    "100": "oklch(93.2% .032 255.585)",
    "200": "oklch(88.2% .059 254.128)",
    "300": "oklch(80.9% .105 251.813)",
    "400": "oklch(70.7% .165 254.624)",
    "500": "oklch(62.3% .214 259.815)",
    "600": "oklch(54.6% .245 262.881)",
    "700": "oklch(48.8% .243 264.376)",
    "800": "oklch(42.4% .199 265.638)",
    "900": "oklch(37.9% .146 265.522)",
    "950": "oklch(28.2% .091 267.935)",
}
UNFOLD = {
    "SITE_TITLE": "OpsLedger",
    "SITE_HEADER": "OpsLedger",
    "SITE_SUBHEADER": _("Own, configure, change, check, prove."),
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("config/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("config/logo.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "/language/"},
    "SHOW_VIEW_ON_SITE": True,
    "ACCOUNT": {"navigation": "config.site.account_links"},
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "config.navigation.admin_sidebar",
    },
    "COLORS": {"primary": PRIMARY_COLORS},
}

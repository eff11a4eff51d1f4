"""The site as it is, and beside it what it is measured against: views of Django and nothing else."""

from config import settings as of_the_site
from salus.kernel.postgres import login

globals().update({name: value for name, value in vars(of_the_site).items() if name.isupper()})

MIDDLEWARE = ["benchmarks.fhir_site.bare.before_all_others", *of_the_site.MIDDLEWARE]
_past_the_policies = login(of_the_site.DATA, "superuser")
DATABASES = of_the_site.DATABASES | {
    "bare": of_the_site.DATABASES["default"]
    | {"USER": _past_the_policies.user, "PASSWORD": _past_the_policies.password}
}

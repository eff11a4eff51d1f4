"""What the settings make of the environment."""

import os
import subprocess
import sys

import pytest

SHOWN = "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "CSRF_TRUSTED_ORIGINS"


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (None, "[False, False, []]"),
        ("127.0.0.1", "[False, False, []]"),
        ("localhost,esante.example", "[True, True, ['https://esante.example']]"),
    ],
)
def test_a_site_with_a_name_keeps_its_cookies_to_tls(hosts: str | None, expected: str) -> None:
    environ = os.environ | {
        "DATABASE_URL": "postgres://nobody@localhost/none",
        "SALUS_SECRET_KEY": "never-signs",
        **({"SALUS_HOSTS": hosts} if hosts else {}),
    }
    program = f"from config import settings; print([getattr(settings, n) for n in {SHOWN}])"
    shown = subprocess.run(
        [sys.executable, "-c", program], env=environ, check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == expected

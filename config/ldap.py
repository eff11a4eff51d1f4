"""The child `ldap` of `salus serve`: the directory as an address book of mail programs."""

import asyncio
import os
import sys

import django

from config.ldap_options import LdapOptions
from salus.kernel.errors import SalusError


def main(port: int) -> int:
    from salus.directory.address_book.server import Server, tls_of

    options = LdapOptions.of(os.environ, port=port)
    try:
        options.check()
        tls = tls_of(options.certificate, options.key) if options.has_tls else None
    except SalusError as error:
        print(f"salus: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"salus: the files for TLS of LDAP do not fit: {error}", file=sys.stderr)
        return 1
    asyncio.run(Server().serve(options.host, options.port, tls))
    return 0


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "app"
    os.environ["SALUS_THREADS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    code = main(int(sys.argv[1]))
    # A thread that waits for the database must not hold up the stop of the site.
    os._exit(code)

"""The child `ldap` of `salus serve`: the directory as an address book of mail programs."""

import asyncio
import os
import signal
import ssl
import sys

import django

from config.ldap_options import LdapOptions
from salus.kernel.errors import SalusError


async def _serve(options: LdapOptions, tls: ssl.SSLContext | None) -> None:
    from salus.directory.address_book.server import Server

    server = Server()
    listening = await server.listen(options.host, options.port, tls)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await server.stop(listening)


def main(port: int) -> int:
    from salus.directory.address_book.server import tls_of

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
    asyncio.run(_serve(options, tls))
    return 0


if __name__ == "__main__":
    os.environ["SALUS_ROLE"] = "app"
    os.environ["SALUS_THREADS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    code = main(int(sys.argv[1]))
    # A thread that waits for the database must not hold up the stop of the site.
    os._exit(code)

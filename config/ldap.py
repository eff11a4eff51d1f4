"""The child `ldap` of `salus serve`: the directory as an address book of mail programs."""

import os

from config.ldap_options import LdapOptions
from config.listening import as_child, listen


def main(port: int) -> int:
    from salus.directory.address_book.server import Server

    return listen(LdapOptions.of(os.environ, port=port), Server)


if __name__ == "__main__":
    as_child(main)

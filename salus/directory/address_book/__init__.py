"""The directory as an address book of mail programs: LDAP v3, to read alone, for everybody (RFC 4511; ADR 0038).

    o                       dc=salus
    ou=professionals        uid=NUMBER,ou=professionals,dc=salus
    ou=organizations        uid=NUMBER,ou=organizations,dc=salus

framing.py cuts the stream, answering.py answers one connection's requests, tree.py knows where entries stand,
filters.py what a filter means, conditions.py the same in SQL, cards.py writes entries, server.py has connections.
"""

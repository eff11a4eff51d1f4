"""How many bytes a row may cost, in its table and in each index: the data of ADR 0011, held against a nation by tests.

Run as `python -m tools.budget` it prints the table of that paper.
"""

from dataclasses import dataclass

from tools.measuring import written


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Bytes per row of the table; ``rows`` are those of scale 1 up to 2024-12."""

    rows: int
    row: int
    indexes: dict[str, int]

    @property
    def total(self) -> int:
        return self.rows * (self.row + sum(self.indexes.values()))


# Of a table with fewer than 100,000 rows at scale 1 nobody need ask.
BUDGET = {
    "audit_event": Budget(
        rows=73_220_000,
        row=117,
        indexes={
            "audit_event_pkey": 32,
            "audit_event_counted": 32,
            "audit_event_person": 32,
            "audit_event_xid": 8,
            "audit_event_persons": 1,
        },
    ),
    "audit_tile": Budget(  # 256 events each
        rows=287_130, row=8_900, indexes={"audit_tile_pkey": 32, "audit_tile_last": 32}
    ),
    "shared_record_document": Budget(
        rows=15_051_325,
        row=96,
        indexes={
            "shared_record_document_pkey": 23,
            "shared_record_document_person_id_ca3e228c": 10,
            "shared_record_document_replaces_id_key": 23,
            "document_filed": 23,
            "document_ended": 1,
            "document_filed_once": 1,
        },
    ),
    "shared_record_documentcontent": Budget(
        rows=752_600, row=162, indexes={"shared_record_documentcontent_pkey": 24}
    ),
    "shared_record_record": Budget(
        rows=1_203_417, row=46, indexes={"shared_record_record_pkey": 24}
    ),
    "mpi_person": Budget(
        rows=1_267_335,
        row=121,
        indexes={
            "mpi_person_pkey": 24,
            "mpi_person_family__a19cbf_idx": 40,
            "mpi_person_birth_d_8306e2_idx": 36,
        },
    ),
    "mpi_namekey": Budget(  # 2.2 of a person
        rows=2_740_000, row=56, indexes={"mpi_namekey_pkey": 38}
    ),
    "mpi_personidentifier": Budget(
        rows=1_267_335,
        row=88,
        indexes={
            "mpi_personidentifier_pkey": 24,
            "mpi_personidentifier_person_id_e344c17e": 24,
            "identifier_is_of_one_person": 64,
        },
    ),
    "mpi_residence": Budget(
        rows=1_324_600,
        row=95,
        indexes={
            "mpi_residence_pkey": 24,
            "mpi_residence_person_id_9f069bfc": 24,
            "one_current_residence": 24,
        },
    ),
    "eligibility_affiliation": Budget(
        rows=1_733_000,
        row=78,
        indexes={
            "eligibility_affiliation_pkey": 24,
            "eligibility_affiliation_person_id_22e1750d": 24,
            "affiliation_of_a_key": 32,
        },
    ),
    "accounts_account": Budget(
        rows=1_296_600,
        row=96,
        indexes={
            "accounts_account_pkey": 24,
            "accounts_account_subject_key": 34,
            "accounts_account_email_key": 32,
            "accounts_account_email_348850e2_like": 24,
        },
    ),
    "access_accountperson": Budget(
        rows=1_267_335,
        row=46,
        indexes={"access_accountperson_pkey": 24, "access_accountperson_person_id_key": 24},
    ),
    "directory_statement": Budget(
        rows=111_700,
        row=485,
        indexes={
            "directory_statement_pkey": 24,
            "directory_s_kind_a8ed57_idx": 60,
            "directory_statement_change_set_id_12a4edf5": 8,
            "statement_begins": 16,
            "statement_ends": 1,
        },
    ),
    "directory_nameword": Budget(  # 2.3 of an entry
        rows=62_000,
        row=62,
        indexes={"directory_nameword_pkey": 78, "directory_n_kind_649acc_idx": 34},
    ),
    "directory_wordkey": Budget(  # 25 of a word
        rows=100_000, row=50, indexes={"directory_wordkey_pkey": 46}
    ),
    "vaccination_immunization": Budget(
        rows=332_500,
        row=150,
        indexes={
            "vaccination_immunization_pkey": 24,
            "vaccination_immunization_record_id_483b71c4": 14,
            "immunization_recorded_once": 1,
        },
    ),
}


def bytes_of(relation: str) -> int | None:
    """The budget per row of a table or an index."""
    if relation in BUDGET:
        return BUDGET[relation].row
    return next((b.indexes[relation] for b in BUDGET.values() if relation in b.indexes), None)


def table() -> str:
    rows = [
        [
            f"`{name}`",
            f"{budget.rows:,}",
            str(budget.row),
            " + ".join(map(str, budget.indexes.values())),
            f"{budget.total / 1e9:.2f}",
        ]
        for name, budget in BUDGET.items()
    ]
    total = sum(budget.total for budget in BUDGET.values())
    return written(
        [
            ["table", "rows at scale 1", "bytes a row", "in its indexes", "GB"],
            *rows,
            ["together", "", "", "", f"{total / 1e9:.2f}"],
        ]
    )


if __name__ == "__main__":
    print(table())

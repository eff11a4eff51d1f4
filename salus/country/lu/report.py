"""Luxembourg's activity report: the agency's services under the names that the nation knows."""

from django.utils.translation import gettext_lazy as _

from salus.country.report import Profile, Release, Section

_SECTIONS = (
    Section(
        id="accounts",
        title=_("eSanté account"),
        purpose=_("One account opens all the services of the agency."),
        accent="#0a6a5f",
        figures=(("patient_accounts_total", "professional_accounts_total"),),
        charts=(("patient_accounts_activated",), ("professional_accounts_activated",)),
    ),
    Section(
        id="shared_record",
        title=_("Shared care record (DSP)"),
        purpose=_("A personal health record that gathers the documents of a patient's care."),
        accent="#1f5a93",
        figures=(
            (
                "records_total",
                "documents_total",
                "records_with_document_share",
                "records_deactivated_by_patient_share",
            ),
            (
                "assistants_declared_total",
                "professionals_declared_total",
                "patients_with_declared_professional_total",
            ),
            (
                "records_residence_lu_share",
                "records_residence_fr_share",
                "records_residence_be_share",
                "records_residence_de_share",
                "records_residence_other_share",
            ),
        ),
        charts=(
            ("records_by_residence", "documents_stock"),
            ("documents_opened_by_patients", "documents_opened_by_professionals"),
        ),
    ),
    Section(
        id="vaccination",
        title=_("Electronic vaccination record (CVE)"),
        purpose=_("The vaccination card without the paper."),
        accent="#7a3e9d",
        figures=(
            (
                "vaccination_records_total",
                "vaccinations_total",
                "record_transfer_consents_total",
            ),
        ),
        charts=(
            ("vaccination_records_stock", "vaccinations_recorded"),
            ("vaccinations_by_type",),
            ("vaccination_records_by_age", "vaccinations_by_age"),
        ),
    ),
    Section(
        id="patient_index",
        title=_("Patient index (MPI)"),
        purpose=_(
            "The national reference that says who a patient is, for all acute hospitals and the"
            " other services of the agency."
        ),
        accent="#9a3412",
        figures=(("index_requests_in_month",),),
    ),
    Section(
        id="eligibility",
        title=_("External web services (WSE)"),
        purpose=_(
            "Pharmacists, medical laboratories and the fire and rescue corps (CGDIS) check whether a"
            " patient is affiliated to the social security and whether a professional may prescribe."
        ),
        accent="#8a5a00",
        figures=(
            ("uses_pharmacy_total", "uses_laboratory_total", "uses_rescue_total"),
            ("uses_pharmacy_in_month", "uses_laboratory_in_month", "uses_rescue_in_month"),
        ),
    ),
    Section(
        id="regify",
        title=_("Secure exchange (Regify)"),
        purpose=_("Secure mail (Regimail) and file share (Regibox) between health professionals."),
        accent="#47557a",
        figures=(("mail_users_total", "file_share_users_total"),),
    ),
    Section(
        id="provider_directory",
        title=_("Provider directory (HPD)"),
        purpose=_(
            "The national reference that says who a health professional is, for professionals and"
            " the other services of the agency."
        ),
        accent="#3f6212",
        figures=(("professionals_registered_total",),),
    ),
)

REPORT = Profile(
    agency=_("National eHealth agency"),
    website="https://www.esante.lu",
    address="https://salus.example/lu",
    introduction=(
        _(
            "This report shows, month by month, how the main eHealth services are used: those that"
            " the agency runs itself and those that it supports. Every figure is counted from the"
            " rows of the services themselves, as they stood at the end of the month."
        ),
        _("Terms marked with an asterisk (*) are explained in the glossary at the end."),
    ),
    sections=_SECTIONS,
    headlines=(
        *("patient_accounts_total", "records_total"),
        *("documents_total", "vaccinations_total"),
    ),
    release=Release(day=10, hour=10, holidays="LU"),
    titles={
        "mail_users_total": _("Regimail users"),
        "file_share_users_total": _("Regibox users"),
    },
    names={"act_type": {"msvac": _("MSVAC import")}},
    glossary={
        "assistant": (
            _("Record assistant"),
            _(
                "A person whom patients choose to help them use and look after their record. The"
                " assistant has access to the patient's record with the same rights as the patient."
            ),
        ),
        "declared_professional": (
            _("Declared health professional"),
            _(
                "A health professional whom a patient has placed in the circle of trust of the record,"
                " and who thereby may read and file in it until the patient ends this."
            ),
        ),
        "record_consent": (
            _("Consent to transfer"),
            _(
                "A patient's agreement that each new vaccination passes by itself from the vaccination"
                " record into the shared care record."
            ),
        ),
        "historical_act": (
            _("Historical act"),
            _(
                "An earlier vaccination that a vaccinating physician copied into the record from the"
                " yellow card or another certificate."
            ),
        ),
        "performed_act": (
            _("Performed act"),
            _("A vaccination that the vaccinating physician gave and recorded at the same time."),
        ),
        "msvac_import": (
            _("MSVAC import"),
            _(
                "A COVID-19 vaccination taken over from the system of the national campaign, with the"
                " patient's consent."
            ),
        ),
    },
)

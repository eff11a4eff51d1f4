"""The words of the report and their order: sections, captions, titles, glossary. Presentation only.

What a figure is, and how it is counted, its domain declares (salus.kernel.indicator).
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = Promise | str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A service of the agency. ``figures`` and ``charts`` name indicators, row by row as printed."""

    id: str
    title: Text
    purpose: Text
    accent: str  # colour on paper; the pages have their own, light and dark, in report.css
    figures: tuple[tuple[str, ...], ...]
    charts: tuple[tuple[str, ...], ...] = ()


SECTIONS = (
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

CAPTIONS: dict[str, Text] = {
    "patient_accounts_total": _("Patient accounts"),
    "professional_accounts_total": _("Accounts of health professionals"),
    "records_total": _("Shared care records"),
    "documents_total": _("Documents"),
    "records_with_document_share": _("Records with at least one document"),
    "records_deactivated_by_patient_share": _("Records closed by the patient"),
    "assistants_declared_total": _("Record assistants named by patients"),
    "professionals_declared_total": _("Health professionals declared by patients"),
    "patients_with_declared_professional_total": _(
        "Patients who declared at least one health professional"
    ),
    "records_residence_lu_share": _("Records of residents of Luxembourg"),
    "records_residence_fr_share": _("Records of residents of France"),
    "records_residence_be_share": _("Records of residents of Belgium"),
    "records_residence_de_share": _("Records of residents of Germany"),
    "records_residence_other_share": _("Records of residents of other countries"),
    "vaccination_records_total": _("Vaccination records"),
    "vaccinations_total": _("Vaccinations"),
    "record_transfer_consents_total": _("Consents to transfer into the shared record"),
    "index_requests_in_month": _("Requests answered"),
    "uses_pharmacy_total": _("Uses by pharmacies"),
    "uses_laboratory_total": _("Uses by medical laboratories"),
    "uses_rescue_total": _("Uses by the fire and rescue corps"),
    "uses_pharmacy_in_month": _("Uses by pharmacies"),
    "uses_laboratory_in_month": _("Uses by medical laboratories"),
    "uses_rescue_in_month": _("Uses by the fire and rescue corps"),
    "mail_users_total": _("Regimail users"),
    "file_share_users_total": _("Regibox users"),
    "professionals_registered_total": _("Registered health professionals"),
}

TITLES: dict[str, Text] = {
    "patient_accounts_activated": _("Patient accounts activated per month"),
    "professional_accounts_activated": _("Professional accounts activated per month"),
    "records_by_residence": _("Records by country of residence"),
    "documents_stock": _("Total number of documents"),
    "documents_opened_by_patients": _("Documents opened by patients"),
    "documents_opened_by_professionals": _("Documents opened by health professionals"),
    "vaccination_records_stock": _("Number of vaccination records"),
    "vaccinations_recorded": _("Number of vaccinations"),
    "vaccinations_by_type": _("Vaccinations by act type"),
    "vaccination_records_by_age": _("Vaccination records by age band"),
    "vaccinations_by_age": _("Vaccinations by age band"),
}

# Codes of the charts' dimensions.
DIMENSIONS: dict[str, dict[str, Text]] = {
    "country": {
        "LU": _("Luxembourg"),
        "FR": _("France"),
        "BE": _("Belgium"),
        "DE": _("Germany"),
        "other": _("Other countries"),
    },
    "act_type": {
        "performed": _("Performed act"),
        "historical": _("Historical act"),
        "msvac": _("MSVAC import"),
    },
    "age_band": {
        "0-4": _("0 to 4 years"),
        "5-11": _("5 to 11 years"),
        "12-17": _("12 to 17 years"),
        "18-29": _("18 to 29 years"),
        "30-49": _("30 to 49 years"),
        "50-64": _("50 to 64 years"),
        "65+": _("65 years and over"),
    },
}
DIMENSION_NAMES: dict[str, Text] = {
    "country": _("Country of residence"),
    "act_type": _("Act type"),
    "age_band": _("Age band"),
}
# Dimensions whose names the glossary explains.
STARRED_DIMENSIONS = {"act_type"}

GLOSSARY: dict[str, tuple[Text, Text]] = {
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
}

TITLE = _("Activity report")
INTRODUCTION = (
    _(
        "This report shows, month by month, how the main eHealth services are used: those that the"
        " agency runs itself and those that it supports. Every figure is counted from the rows of the"
        " services themselves, as they stood at the end of the month."
    ),
    _("Terms marked with an asterisk (*) are explained in the glossary at the end."),
)
SYNTHETIC = _(
    "Synthetic data: these figures are counted from an invented nation at scale %(scale)s, with no"
    " real person in it."
)
PROVISIONAL = _("Provisional: the month is not over yet; counted up to %(day)s.")
CONTACT = (
    _("More about the agency and its services:"),
    "https://www.esante.lu",
)
LICENCE = _("These data may be reused freely when their source is named (licence CC BY 4.0).")

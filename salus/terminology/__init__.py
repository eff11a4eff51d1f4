"""Code systems and value sets: the codes that rows hold, and their names for people."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop

SNOMED_CT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CVX = "http://hl7.org/fhir/sid/cvx"
ATC = "http://www.whocc.no/atc"

# SNOMED CT occupations.
PROFESSIONS: dict[str, Promise | str] = {
    "62247001": _("General practitioner"),
    "82296001": _("Paediatrician"),
    "83685006": _("Gynaecologist"),
    "17561000": _("Cardiologist"),
    "18803008": _("Dermatologist"),
    "66862007": _("Radiologist"),
    "80584001": _("Psychiatrist"),
    "158965000": _("Physician"),
    "106289002": _("Dentist"),
    "46255001": _("Pharmacist"),
    "106292003": _("Nurse"),
    "309453006": _("Midwife"),
    "36682004": _("Physiotherapist"),
    "59944000": _("Psychologist"),
    "80546007": _("Occupational therapist"),
    "159033005": _("Dietitian"),
}
PHYSICIANS = frozenset(
    [
        "62247001",
        "82296001",
        "83685006",
        "17561000",
        "18803008",
        "66862007",
        "80584001",
        "158965000",
    ]
)

# Clinical specialties of SNOMED CT, by profession; the terms are its own, and no page shows them.
SPECIALTIES: dict[str, tuple[str, str]] = {
    "62247001": ("394814009", "General practice"),
    "82296001": ("394537008", "Pediatric specialty"),
    "83685006": ("394586005", "Gynecology"),
    "17561000": ("394579002", "Cardiology"),
    "18803008": ("394582007", "Dermatology"),
    "66862007": ("394914008", "Radiology"),
    "80584001": ("394587001", "Psychiatry"),
}

ORGANIZATION_TYPES: dict[str, Promise | str] = {
    "hospital": _("Hospital"),
    "practice": _("Medical practice"),
    "pharmacy": _("Pharmacy"),
    "laboratory": _("Medical laboratory"),
    "imaging": _("Imaging centre"),
    "nursing": _("Care home or nursing service"),
    "rescue": _("Fire and rescue corps"),
    "other": _("Other organisation"),
}


@dataclass(frozen=True, kw_only=True)
class DocumentType:
    loinc: str
    name: Promise | str
    group: str = ""  # LOINC code of a wider class (XDS classCode); '' when there is none

    @property
    def category(self) -> str:
        """http://hl7.org/fhir/ValueSet/document-classcodes, as far as it has one."""
        return self.group or self.loinc


# Keys are what the documents' table stores: add, never renumber.
DOCUMENT_TYPES: dict[int, DocumentType] = {
    1: DocumentType(loinc="11502-2", name=_("Laboratory report"), group="26436-6"),
    2: DocumentType(loinc="18748-4", name=_("Imaging report")),
    3: DocumentType(loinc="18842-5", name=_("Discharge summary")),
    4: DocumentType(loinc="11488-4", name=_("Consultation note")),
    5: DocumentType(loinc="57833-6", name=_("Prescription"), group="56445-0"),
    6: DocumentType(loinc="60591-5", name=_("Patient summary")),
    7: DocumentType(loinc="11369-6", name=_("Immunization history")),
    8: DocumentType(loinc="34133-9", name=_("Summary of an episode of care")),
}


@dataclass(frozen=True, kw_only=True)
class Vaccine:
    """A vaccine by WHO ATC class, with the CVX codes other systems send for it."""

    atc: str
    display: str  # in English, as rows keep it
    cvx: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """In the active language."""
        return gettext(self.display)


VACCINES: tuple[Vaccine, ...] = (
    Vaccine(atc="J07CA09", display=noop("DTaP-IPV-Hib-HepB"), cvx=frozenset({"146"})),
    Vaccine(atc="J07CA02", display=noop("dTap-IPV"), cvx=frozenset({"130"})),
    Vaccine(
        atc="J07AL02", display=noop("Pneumococcal conjugate"), cvx=frozenset({"133", "152", "216"})
    ),
    Vaccine(atc="J07BH02", display=noop("Rotavirus"), cvx=frozenset({"119", "116"})),
    Vaccine(atc="J07AH09", display=noop("Meningococcal B"), cvx=frozenset({"162", "163"})),
    Vaccine(atc="J07AH08", display=noop("Meningococcal ACWY"), cvx=frozenset({"114", "136"})),
    Vaccine(atc="J07BD52", display=noop("Measles, mumps, rubella"), cvx=frozenset({"03"})),
    Vaccine(
        atc="J07BD54", display=noop("Measles, mumps, rubella, varicella"), cvx=frozenset({"94"})
    ),
    Vaccine(atc="J07BM03", display=noop("Human papillomavirus"), cvx=frozenset({"165", "62"})),
    Vaccine(atc="J07BB02", display=noop("Influenza"), cvx=frozenset({"140", "141", "150"})),
    Vaccine(atc="J07BC01", display=noop("Hepatitis B"), cvx=frozenset({"08", "43"})),
    Vaccine(atc="J07BK03", display=noop("Herpes zoster"), cvx=frozenset({"187", "121"})),
    Vaccine(atc="J07BN01", display=noop("COVID-19 mRNA"), cvx=frozenset({"207", "208", "300"})),
    Vaccine(atc="J07BA01", display=noop("Tick-borne encephalitis"), cvx=frozenset({"223", "224"})),
)
_VACCINE_BY_DISPLAY = {vaccine.display: vaccine for vaccine in VACCINES}


def vaccine_name(display: str) -> str:
    """A vaccine's name in the active language; one that we do not know, as its sender named it."""
    known = _VACCINE_BY_DISPLAY.get(display)
    return known.name if known else display

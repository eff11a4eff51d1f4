"""The words by which people look for care, in the four languages, and what each stands for.

Compared as names are: without accents, hyphens and umlauts. A word that is not here is part of a name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from babel import Locale

from salus.country.gazetteer import KnownPlace, known_places
from salus.directory.finding.words import plain
from salus.terminology import PHYSICIANS


class Sense(StrEnum):
    """What a word, or several, was taken for."""

    NAME = "name"
    PROFESSION = "profession"
    TYPE = "type"
    LANGUAGE = "language"
    PLACE = "place"
    NEW_PATIENTS = "new_patients"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    sense: Sense
    codes: tuple[str, ...] = ()  # of professions, types or languages
    place: KnownPlace | None = None


# By code: French, German, English, Luxembourgish, and what people say.
_PROFESSIONS: Mapping[str, str] = {
    "62247001": "généraliste, médecin généraliste, médecin de famille, médecin traitant, Hausarzt, Hausärztin,"
    " Hausärzte, Allgemeinarzt, Allgemeinärztin, Allgemeinmediziner, Allgemeinmedizin, general practitioner,"
    " family doctor, GP, Hausdokter, Generalist, Allgemengdokter, médecine générale",
    "82296001": "pédiatre, pédiatrie, médecin pour enfants, Kinderarzt, Kinderärztin, Kinderärzte, Pädiater,"
    " Pädiatrie, paediatrician, pediatrician, paediatrics, pediatrics, children's doctor, Kannerdokter,"
    " Kannerdoktesch, Pediater",
    "83685006": "gynécologue, gynéco, gynécologie, Frauenarzt, Frauenärztin, Frauenärzte, Gynäkologe, Gynäkologin,"
    " Gynäkologie, gynaecologist, gynecologist, gynaecology, gynecology, Fraendokter, Fraendoktesch, Gynekolog",
    "17561000": "cardiologue, cardiologie, Kardiologe, Kardiologin, Kardiologie, Herzspezialist, Herzarzt,"
    " cardiologist, cardiology, heart doctor, Häerzdokter, Kardiolog, Häerzspezialist",
    "18803008": "dermatologue, dermato, dermatologie, Hautarzt, Hautärztin, Hautärzte, Dermatologe, Dermatologin,"
    " dermatologist, dermatology, skin doctor, Hautdokter, Dermatolog",
    "66862007": "radiologue, radiologie, Radiologe, Radiologin, radiologist, radiology, Radiolog",
    "80584001": "psychiatre, psychiatrie, Psychiater, Psychiaterin, psychiatrist, psychiatry, Psychiatrist",
    "158965000": "",
    "106289002": "dentiste, médecin dentiste, médecin-dentiste, chirurgien-dentiste, Zahnarzt, Zahnärztin, Zahnärzte,"
    " dentist, Zänndokter, Zänndoktesch, Zänndokteren, Zahndokter",
    "46255001": "pharmacien, pharmacienne, Apotheker, Apothekerin, pharmacist, Apdikter, Apdiktesch, Apdiktech",
    "106292003": "infirmier, infirmière, infirmiers, soins infirmiers, Krankenpfleger, Krankenpflegerin,"
    " Krankenschwester, Pflegefachkraft, Pfleger, nurse, Infirmier, Krankeschwëster, Krankefleeger, Fleeger",
    "309453006": "sage-femme, sage femme, sages-femmes, maïeuticien, Hebamme, Hebammen, Entbindungspfleger, midwife,"
    " midwives, Hiewan, Hiewann",
    "36682004": "kiné, kinés, kinésithérapeute, kinésithérapie, physiothérapeute, Physiotherapeut,"
    " Physiotherapeutin, Physiotherapie, Krankengymnast, Krankengymnastik, Physio, physiotherapist,"
    " physiotherapy, physical therapist, Kinésist, Kinesist",
    "59944000": "psychologue, psycho, psy, psychologie, Psychologe, Psychologin, psychologist, psychology, Psycholog,"
    " Psychologin",
    "80546007": "ergothérapeute, ergothérapie, ergo, Ergotherapeut, Ergotherapeutin, Ergotherapie,"
    " occupational therapist, occupational therapy",
    "159033005": "diététicien, diététicienne, diététique, nutritionniste, Diätassistent, Diätassistentin,"
    " Ernährungsberater, Ernährungsberaterin, dietitian, dietician, nutritionist, Diätetiker, Diätist,"
    " Ernierungsberoder",
}
_PHYSICIAN = (
    "médecin, médecins, docteur, docteurs, toubib, Arzt, Ärztin, Ärzte, doctor, doctors, physician, physicians,"
    " medical doctor, Doktesch, Dokter, Dokteren"
)
_TYPES: Mapping[str, str] = {
    "hospital": "hôpital, hôpitaux, clinique, cliniques, centre hospitalier, Krankenhaus, Krankenhäuser, Klinik,"
    " Kliniken, Spital, hospital, hospitals, clinic, Spidol, Spideeler, Klinick",
    "practice": "cabinet, cabinets, cabinet médical, cabinet de groupe, maison médicale, centre médical,"
    " centre de santé, maison de santé, Praxis, Arztpraxis, Gemeinschaftspraxis, Ärztehaus, practice,"
    " medical practice, medical centre, surgery, Cabinet, Praxis, Dokteschhaus",
    "pharmacy": "pharmacie, pharmacies, Apotheke, Apotheken, pharmacy, chemist, Apdikt, Apdikten",
    "laboratory": "laboratoire, laboratoires, labo, analyses médicales, prise de sang, Labor, Labore, Laboratorium,"
    " laboratory, laboratories, lab, blood test, Laboratoire, Bluttprouf",
    "imaging": "centre d'imagerie, imagerie, imagerie médicale, radiographie, Röntgen, Röntgenpraxis, Bildgebung,"
    " imaging, imaging centre, x-ray, Röntgenzentrum, Radiographie",
    "nursing": "maison de soins, maison de retraite, soins à domicile, réseau de soins, Pflegeheim, Altenheim,"
    " Seniorenheim, Pflegedienst, care home, nursing home, home care, nursing service, Fleegeheem, Altersheem,"
    " Fleegedéngscht",
    "rescue": "pompiers, secours, Feuerwehr, Rettungsdienst, fire brigade, ambulance, rescue corps, Pompjeeën,"
    " Rettungsdéngscht",
}
_NEW_PATIENTS = (
    "nouveaux patients, nouveau patient, nouvelle patientèle, neue Patienten, Neupatienten, neuer Patient,"
    " new patients, new patient, nei Patienten, neie Patient"
)
_OPEN = (
    "ouvert maintenant, ouverte maintenant, ouvert, ouverte, ouverts, jetzt offen, jetzt geöffnet, geöffnet, open now,"
    " open, elo op"
)
# Said around what is meant; they are passed over beside something understood, and are names elsewhere.
_FILLERS = (
    "qui parle, parle, parlant, parlent, parlé, de, du, des, d, la, le, les, l, un, une, qui, à, au, aux, en, dans,"
    " près, près de, autour de, avec, et, pour, prend, prenant, accepte, acceptant, langue, cherche, spricht,"
    " sprechend, sprechender, sprechende, der, die, das, den, dem, ein, eine, einen, in, im, bei, nahe, um, mit,"
    " und, zu, nimmt, auf, an, suche, who speaks, speaks, speaking, that, who, the, a, near, around, with, and, for,"
    " takes, accepts, accepting, taking, looking for, schwätzt, schwetzt, dee, déi, deen, eng, zu, op, no, bei, mat,"
    " an, ronderëm, hëlt, un, sicht, maintenant, jetzt, now, elo,"
    " proche, à proximité de, région, in der Nähe von, Region, Raum, close to, an der Géigend vun"
)
_KNOWN_LANGUAGES = (
    "lb fr de en pt it es nl pl ro ru uk ar sr hr bs sq tr el hu cs sk bg da sv fi zh ja fa hi vi lt lv et sl mk ko he"
    " ca eu ga nb is sw ta th ur bn pa gl ti so am"
)
LANGUAGES = tuple(_KNOWN_LANGUAGES.split())
_SPOKEN = ("fr", "de", "en", "lb")
_ENDINGS = {
    "fr": ("", "e", "s", "es"),
    "de": ("", "sprachig", "sprachige", "sprachiger", "sprechend", "sprechende", "sprechender"),
    "en": ("",),
    "lb": ("",),
}


@cache
def meanings() -> Mapping[str, Meaning]:
    """By what is typed, in its plain form; where two mean something else the first one counts."""
    found: dict[str, Meaning] = {}
    for phrase, meaning in _all():
        found.setdefault(plain(phrase), meaning)
    found.pop("", None)
    return found


@cache
def fillers() -> frozenset[str]:
    return frozenset(word for phrase in _FILLERS.split(",") for word in plain(phrase).split())


def _all() -> Iterable[tuple[str, Meaning]]:
    groups = [
        *(
            (phrases, Meaning(sense=Sense.PROFESSION, codes=(code,)))
            for code, phrases in _PROFESSIONS.items()
        ),
        (_PHYSICIAN, Meaning(sense=Sense.PROFESSION, codes=tuple(sorted(PHYSICIANS)))),
        *((phrases, Meaning(sense=Sense.TYPE, codes=(code,))) for code, phrases in _TYPES.items()),
        (_NEW_PATIENTS, Meaning(sense=Sense.NEW_PATIENTS)),
        (_OPEN, Meaning(sense=Sense.OPEN)),
    ]
    for phrases, meaning in groups:
        yield from ((phrase, meaning) for phrase in phrases.split(","))
    for code in LANGUAGES:
        for name in _names_of(code):
            yield name, Meaning(sense=Sense.LANGUAGE, codes=(code,))
    places = known_places()
    for place in places:
        yield place.name, Meaning(sense=Sense.PLACE, place=place)
    for place in places:
        for name in place.other_names:
            yield name, Meaning(sense=Sense.PLACE, place=place)


def _names_of(language: str) -> Iterable[str]:
    for spoken in _SPOKEN:
        name = Locale(spoken).languages.get(language)
        if name:
            yield from (name + ending for ending in _ENDINGS[spoken])

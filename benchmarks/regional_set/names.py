"""What names of the region do: rare ones, short forms, names alike, other spellings."""

from functools import cache
from random import Random

from salus.kernel.search_key import search_key
from salus.simulation.names import CULTURES, name_table

# Half of a region bears names that no list of common ones holds; these parts make plausible ones.
_RARE = {
    "luxembourgish": (
        "Wei Thie Hof Kirch Stein Nieder Ober Feld Bett Rod Hal Ber Diek Eschen Heis Kart Lin Mull Nom"
        " Olin Perl Roll Schon Troi Us Wolk Zie Brach Dick Goe Heider Mertz Putz Rein Sand Till Wald",
        "er ler mann ert es ges inger bach berg dorf lingen eux ius en gen ens feld scheid",
    ),
    "portuguese": (
        "Alva Bei Cama Car Cer Fer Fi Gara Gui Lou Mal Mar Me Mon No Oli Pa Pe Qui Re Sal Sar Se Ta Va Vi"
        " Bra Cas Es Fon Gra Li Mira Ne Per Por San To Tri",
        "ndeiro galhães reira valho tela nelas rinho dal mento lheira quinho ixo zende gão bosa rão"
        " deiro tinho veira cedo rães",
    ),
    "french": (
        "Beau Mon Ville Cham Gi Bel Mar Du Le Cour Grand Fon Ro Bou Cha Ger Hum Jac Lam Mau Per Qui Rau"
        " Sau Thi Vau Bri Cal Del Fau Gau Hen Lar Mal Noi Pou Tan",
        "bert champ court mont rand taine vier quet lot nel ret tier deau lier guet main lain nois"
        " vert don teau met zin geot",
    ),
    "german": (
        "Brand Eich Fried Gold Hart Heil Kalten Lauter Licht Ochsen Roten Schwarz Stark Wein Winter"
        " Zimmer Bruch Dorn Ecken Frei Grün Hagen Immen Krä Löwen Mühl Nuss Ölm Pfeif Rüb Schüt Wüst",
        "müller bauer mann hofer meier stein berg bach thal feld huber haus wald knecht ert inger el",
    ),
    "italian": (
        "Bel Cam Cas De Fal Gal Lom Man Mar Mon Pal Pel Piz Ros Sal San Tar Val Ver Zan Bar Bo Cal Fer"
        " Gra Mal Mel Pag Qua Riz",
        "etti ini oni ucci aro one ella anti ari otti asco ese igiani ardo ieri eschi",
    ),
    "south_slavic": (
        "Abdi Ahmet Ali Bajram Bog Brat Dautov Delić Dragov Ferh Gojk Hus Ibrah Jasar Kala Kurt Lati"
        " Mehmed Mil Mirk Mur Nov Omer Pur Radul Ram Redžep Sal Selm Stan Suljev Vas Vuk Zej Zor",
        "ović ević anović ić agić čić bašić inović ijević ačić",
    ),
    "world": (
        "Ab Ak Al An Ar Bal Ban Chak Dem Dia Dra Eg Gha Hak Iw Jab Kam Kar Kha Kov Lew Mah Mal Mok Nak"
        " Okon Oz Pet Rah Sid Sol Tad Tek Um Var Wis Yav Zah Zel",
        "ra dar ulla owski enko escu adze oui ani ou ov ek aoui ala eva ington wala ndo oglu",
    ),
}
_SHORT_FORMS = (
    "Jos=Joseph Jempi=Jean-Pierre Jhemp=Jean-Pierre Pit=Pierre Pierrot=Pierre Nic=Nicolas Nico=Nicolas"
    " Klos=Nicolas Fränz=François Pol=Paul Mich=Michel Metty=Mathias Fred=Frédéric Charel=Charles"
    " Ketty=Catherine Kathy=Catherine Cathy=Catherine Maisy=Marie Mariechen=Marie Gritty=Marguerite"
    " Margot=Marguerite Suzy=Suzanne Lis=Elisabeth Liss=Elisabeth Lily=Elisabeth Betty=Elisabeth"
    " Nathi=Nathalie Domi=Dominique Chris=Christian Alex=Alexandre Alex=Alexander Max=Maximilian"
    " Gab=Gabriel Gabi=Gabriele Steph=Stéphane Seb=Sébastien Bob=Robert Roby=Robert Gust=Auguste"
    " Aly=Aloyse Théo=Théodore Edi=Edouard Vic=Victor Jacques=Jacky Marc=Marco Manu=Manuel Zé=José"
    " Tó=António Toni=António Tónio=António Chico=Francisco Quim=Joaquim Nando=Fernando Beto=Alberto"
    " Zeca=José Nelo=Manuel Dina=Leopoldina Bela=Isabel Lena=Helena Nela=Manuela São=Conceição"
    " Fati=Fátima Tina=Cristina Carol=Carolina Bia=Beatriz Hansi=Hans Heini=Heinz Sepp=Josef"
    " Willi=Wilhelm Uli=Ulrich Matze=Matthias Andi=Andreas Micha=Michael Tom=Thomas Steffi=Stefanie"
    " Susi=Susanne Moni=Monika Uschi=Ursula Gitti=Brigitte Inge=Ingrid Lotte=Charlotte Beppe=Giuseppe"
    " Pino=Giuseppe Gianni=Giovanni Nino=Antonio Tonio=Antonio Franco=Francesco Ciccio=Francesco"
    " Enzo=Vincenzo Sandro=Alessandro Gigi=Luigi Rita=Margherita Pina=Giuseppina Dani=Daniela"
    " Patty=Patrizia Mirso=Mirsad Edo=Edin Sena=Senada Ibro=Ibrahim Mujo=Mustafa Dado=Damir"
    " Jaca=Jasmina Beba=Jelena Kasia=Katarzyna Aga=Agnieszka Sasha=Oleksandr Bill=William Meg=Margaret"
)
_SHORT_OF: dict[str, list[str]] = {}
for _form, _full in (pair.split("=") for pair in _SHORT_FORMS.split()):
    _SHORT_OF.setdefault(_full, []).append(_form)

# The same name as another country or another clerk spells it.
SPELLINGS = (
    ("Schmit", "Schmitt", "Schmidt", "Schmitz"),
    ("Meyer", "Meier", "Maier", "Mayer"),
    ("Muller", "Müller", "Mueller", "Möller"),
    ("Hoffmann", "Hofmann", "Hoffman"),
    ("Wolff", "Wolf"),
    ("Schroeder", "Schröder", "Schroder"),
    ("Koenig", "König", "Konig"),
    ("Kaiser", "Kayser", "Keyser"),
    ("Theis", "Theiss", "Theisen"),
    ("Biver", "Biwer"),
    ("Jacoby", "Jacobi"),
    ("Sousa", "Souza"),
    ("Correia", "Correa"),
    ("Baptista", "Batista"),
    ("Queirós", "Queiroz"),
    ("Luís", "Luis", "Louis"),
    ("Mohammed", "Mohamed", "Muhammad", "Mohammad"),
    ("Katarzyna", "Catarzyna"),
    ("Oleksandr", "Aleksandr", "Alexander"),
    ("Claire", "Clara", "Klara"),
    ("Catherine", "Katharina", "Katherine"),
    ("Jean", "Johann", "Jang"),
    ("Henri", "Henry", "Heinrich"),
    ("Stéphane", "Stephan", "Stefan"),
    ("Philippe", "Philipp", "Filipe"),
    ("Nicolas", "Nikolas", "Niklas"),
    ("Marc", "Mark", "Marco"),
    ("Eric", "Erik", "Éric"),
)
_SPELLINGS_OF = {name: group for group in SPELLINGS for name in group}

PARTICLES = frozenset(
    [
        "da",
        "das",
        "de",
        "do",
        "dos",
        "di",
        "del",
        "della",
        "van",
        "von",
        "vom",
        "zu",
        "la",
        "el",
        "al",
    ]
)


def rare_family(rng: Random, culture: str) -> str:
    starts, ends = (part.split() for part in _RARE[culture])
    return rng.choice(starts) + rng.choice(ends)


def short_forms(given: str) -> list[str]:
    return _SHORT_OF.get(given, [])


def other_spellings(name: str) -> list[str]:
    return [other for other in _SPELLINGS_OF.get(name, ()) if other != name]


def letters(name: str) -> str:
    """Without what the spellings of one name mostly differ in: Jürgen, Juergen, Jurgen."""
    return search_key(name).replace(" ", "").replace("e", "")


@cache
def given_names(culture: str, female: bool) -> tuple[str, ...]:
    """All eras' names, the most frequent of each first."""
    table, sex = name_table(), "female" if female else "male"
    parts = [
        table.texts[table.slices[culture, f"{sex} {era}"]] for era in ("old", "middle", "young")
    ]
    return tuple(dict.fromkeys(name for part in parts for name in part))


@cache
def _all_given(female: bool) -> dict[str, str]:
    """Each name of the region with its letters."""
    names = (name for culture in CULTURES for name in given_names(culture, female))
    return {name: search_key(name).replace(" ", "") for name in names}


@cache
def alike(given: str, female: bool) -> tuple[str, ...]:
    """Other given names of that sex that look or sound much like this one: Ana and Anna, Lara and Sara."""
    key = search_key(given).replace(" ", "")
    return tuple(
        other
        for other, letters in _all_given(female).items()
        if letters != key and _one_letter_apart(key, letters)
    )


def _one_letter_apart(a: str, b: str) -> bool:
    """Or one begins the other by up to three letters less."""
    if a.startswith(b) or b.startswith(a):
        return abs(len(a) - len(b)) <= 3
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1
    short, long = sorted((a, b), key=len)
    return len(long) == len(short) + 1 and any(
        long[:i] + long[i + 1 :] == short for i in range(len(long))
    )

"""Luxembourg's rules of insurance checks and of prescribing. The durations are ours, no law's."""

from datetime import timedelta

from salus.country.eligibility import EEA, EligibilityRules, Insurer

_ALL = ("",)
_PHYSICIANS = (
    *("62247001", "82296001", "83685006", "17561000"),
    *("18803008", "66862007", "80584001", "158965000"),
)
INSURER = Insurer(
    system="https://salus.example/lu/insurer", value="CNS", name="Caisse nationale de santé"
)
ELIGIBILITY = EligibilityRules(
    silent_after=timedelta(hours=36),  # it delivers each night: one may fail
    last_known_for=timedelta(days=30),
    prescribing={
        **dict.fromkeys(_PHYSICIANS, _ALL),
        "106289002": _ALL,  # dentist
        "309453006": ("A", "B03", "D", "G02", "J07", "N01B", "N02B"),  # midwife
    },
    recognised=EEA,
    not_from_abroad=("N02A", "N05B", "N05C", "N07BC"),  # under special medical prescription
)

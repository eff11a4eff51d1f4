"""What is answered at a counter, and what a caller may ask, in the words of who reads it there."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salus.eligibility.models import Finding, Right
from salus.eligibility.rules import Reason, Status

RIGHTS: dict[Right, Promise] = {
    Right.AFFILIATION: _("Whether somebody is insured today"),
    Right.HISTORIC: _("The same of a day before"),
    Right.PRESCRIBING: _("Whether somebody may prescribe"),
    Right.BATCH: _("Many questions at once"),
    Right.LOOK_UP: _("By name and date of birth, in rescue"),
    Right.PROOF: _("Signed answers for where there is no line"),
    Right.REGISTER: _("Periods of cover, told by the register's own software"),
}
FINDINGS: dict[Finding.Rule, Promise] = {
    Finding.Rule.SELF: _("Whoever stood at the counter asked about themselves"),
    Finding.Rule.FAMILY: _("Whoever stood at the counter asked about somebody of their household"),
    Finding.Rule.WATCHED: _("Asked about somebody whom the curious ask about"),
    Finding.Rule.VOLUME: _("Asked far more than on other days"),
    Finding.Rule.NEGATIVE: _("Asked mostly about people who are not insured, or not known"),
    Finding.Rule.REFUSED: _("Went on asking beyond the quota"),
    Finding.Rule.OWED: _("Looked people up by name and never checked them by number"),
}
ANSWERS: dict[Status, Promise] = {
    Status.AFFILIATED: _("Insured"),
    Status.NOT_AFFILIATED: _("Not insured"),
    Status.MAY_PRESCRIBE: _("May prescribe"),
    Status.MAY_NOT_PRESCRIBE: _("May not prescribe"),
    Status.CANNOT_TELL: _("Cannot tell now"),
}
REASONS: dict[Reason, Promise] = {
    Reason.COVERED: _("The register has a period of cover for this day."),
    Reason.NOT_COVERED: _(
        "The register has no period of cover for this day. It says the same of a number that it does not know:"
        " compare the number with the card."
    ),
    Reason.REGISTER_SILENT: _(
        "The register has not been heard for so long that its last word says nothing any more. Ask again later, or"
        " go by what the person can show."
    ),
    Reason.SEVERAL_PEOPLE: _(
        "Several people have this name and were born on this day. Ask by the number."
    ),
    Reason.LICENSED: _("Licensed in this country for this profession."),
    Reason.LICENSED_ABROAD: _("Licensed in another country, whose prescription is good here."),
    Reason.NOT_REGISTERED: _("The directory knows nobody with this code on this day."),
    Reason.SUSPENDED: _("Suspended on this day."),
    Reason.LICENCE_ENDED: _("The licence had ended on this day."),
    Reason.NOT_LICENSED_YET: _("The licence had not begun on this day."),
    Reason.LEFT_REGISTER: _("No longer in the register on this day."),
    Reason.PROFESSION_DOES_NOT_PRESCRIBE: _("This profession does not prescribe."),
    Reason.PRODUCT_EXCLUDED: _("Not this product: the licence or the profession leaves it out."),
    Reason.NOT_FROM_ABROAD: _(
        "Not this product: a prescription from abroad is not good for it here."
    ),
    Reason.COUNTRY_NOT_RECOGNISED: _(
        "Licensed in a country whose prescriptions are not good here."
    ),
}
ICONS: dict[Status, str] = {
    Status.AFFILIATED: "tick",
    Status.NOT_AFFILIATED: "close",
    Status.MAY_PRESCRIBE: "tick",
    Status.MAY_NOT_PRESCRIBE: "close",
    Status.CANNOT_TELL: "warning",
}
TONES: dict[Status, str] = {
    Status.AFFILIATED: "yes",
    Status.NOT_AFFILIATED: "no",
    Status.MAY_PRESCRIBE: "yes",
    Status.MAY_NOT_PRESCRIBE: "no",
    Status.CANNOT_TELL: "unknown",
}

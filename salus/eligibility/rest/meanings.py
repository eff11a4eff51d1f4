"""What the codes of all doors mean, in the reader's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from salus.eligibility.rules import Reason, Status

STATUSES: dict[Status, str | Promise] = {
    Status.AFFILIATED: _("The person is insured on the day."),
    Status.NOT_AFFILIATED: _("The person is not insured on the day, or not known."),
    Status.MAY_PRESCRIBE: _("The professional may prescribe on the day."),
    Status.MAY_NOT_PRESCRIBE: _("The professional may not prescribe on the day."),
    Status.CANNOT_TELL: _("This cannot be told now: ask again later."),
}
REASONS: dict[Reason, str | Promise] = {
    Reason.COVERED: _("A period of cover in the social-security register contains the day."),
    Reason.NOT_COVERED: _(
        "No period of cover in the social-security register contains the day; also when the person"
        " is not known."
    ),
    Reason.REGISTER_SILENT: _(
        "The social-security register has been silent for so long that its last word says nothing"
        " any more."
    ),
    Reason.SEVERAL_PEOPLE: _("Several people have this name and this birth date."),
    Reason.LICENSED: _("The professional has a licence of this country that allows it."),
    Reason.LICENSED_ABROAD: _("The professional has a licence of another country that allows it."),
    Reason.NOT_REGISTERED: _("The directory knew no such professional on the day."),
    Reason.SUSPENDED: _("The right to practise was suspended on the day."),
    Reason.LICENCE_ENDED: _("The licence had ended by the day."),
    Reason.NOT_LICENSED_YET: _("The licence had not begun by the day."),
    Reason.LEFT_REGISTER: _("The professional had retired, died, or been struck off by the day."),
    Reason.PROFESSION_DOES_NOT_PRESCRIBE: _("The profession does not prescribe."),
    Reason.PRODUCT_EXCLUDED: _("The profession, or this licence, does not prescribe the product."),
    Reason.NOT_FROM_ABROAD: _("A prescription of the product from abroad is not recognised."),
    Reason.COUNTRY_NOT_RECOGNISED: _(
        "The professional has a licence of another country alone, whose prescriptions are not"
        " recognised."
    ),
}

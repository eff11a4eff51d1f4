"""Criteria about places as SQL conditions, beside `salus.fhir.conditions`."""

from math import asin, cos, degrees, pi, radians, sin

from django.db.models import F, Q
from django.db.models import Value as Literal
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cos, Least, Radians, Sin, Sqrt
from django.db.models.lookups import LessThanOrEqual

from salus.fhir.conditions import NOTHING, Condition, each
from salus.fhir.criteria import EARTH, Near, Point, Value


def near(latitude: str, longitude: str) -> Condition:
    """Two columns of degrees: first by a box that an index over the latitude serves, then by the great circle."""

    def ask(value: Value) -> Q:
        if not isinstance(value, Near):
            return NOTHING
        return _box(value, latitude, longitude) & Q(
            LessThanOrEqual(_distance(value.point, latitude, longitude), value.within)
        )

    return each(
        ask, missing=Q(**{f"{latitude}__isnull": True}) | Q(**{f"{longitude}__isnull": True})
    )


def _box(value: Near, latitude: str, longitude: str) -> Q:
    """All that lies as near lies in it. None wraps around a pole or the 180th meridian: there only latitude counts."""
    angle = value.within / EARTH + 1e-9  # what rounding may take away lies inside
    middle = value.point
    box = Q(
        **{
            f"{latitude}__gte": middle.latitude - degrees(angle),
            f"{latitude}__lte": middle.latitude + degrees(angle),
        }
    )
    if abs(middle.latitude) + degrees(angle) >= 90:
        return box
    wide = degrees(asin(min(1.0, sin(min(angle, pi / 2)) / cos(radians(middle.latitude)))))
    if abs(middle.longitude) + wide > 180:
        return box
    return box & Q(
        **{
            f"{longitude}__gte": middle.longitude - wide,
            f"{longitude}__lte": middle.longitude + wide,
        }
    )


def _distance(point: Point, latitude: str, longitude: str) -> Combinable:
    """`salus.fhir.criteria.distance`, by the database."""
    up = Sin(Radians(F(latitude) - point.latitude) / 2.0)
    along = Sin(Radians(F(longitude) - point.longitude) / 2.0)
    flat = Cos(Radians(F(latitude))) * cos(radians(point.latitude))
    return ASin(Least(Literal(1.0), Sqrt(up * up + flat * along * along))) * (2 * EARTH)

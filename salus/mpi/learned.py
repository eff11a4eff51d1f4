"""The weights in force: those that this installation learned last from its own people (`salus index learn`)."""

from datetime import datetime
from functools import lru_cache

from salus.mpi.matching.model import Model, default_model
from salus.mpi.models import LearnedModel


def model_in_force() -> Model:
    """The newest; of an installation that has learned nothing yet, the one of the package."""
    newest = LearnedModel.objects.values_list("id", flat=True).order_by("-id").first()
    return default_model() if newest is None else _loaded(newest)


@lru_cache(maxsize=2)
def _loaded(number: int) -> Model:
    return Model.load(LearnedModel.objects.get(pk=number).weights)


def keep_model(model: Model, *, at: datetime, people: int, seconds: float) -> int:
    """Put it in force; earlier ones stay. Returns its number."""
    weights = {
        field: {level: round(odds.weight, 2) for level, odds in levels.items()}
        for field, levels in model.fields.items()
    }
    kept = LearnedModel.objects.create(
        learned_at=at,
        people=people,
        weights=model.dump(),
        figures={
            "prior": model.prior,
            "link": model.link,
            "review": model.review,
            "bits": weights,
            "seconds": round(seconds, 1),
        },
    )
    return kept.pk

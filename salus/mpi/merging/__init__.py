"""Joining and parting identities of the patient index: the only writers of links and pairs (ADR 0023)."""

from salus.mpi.merging.links import Separation, link, replaced_by, separate
from salus.mpi.merging.pairs import (
    confirm_merge,
    decline_merge,
    judge_pair,
    propose_merge,
    queue_pair,
)
from salus.mpi.merging.previews import (
    MergePreview,
    SeparationPreview,
    preview_merge,
    preview_separation,
)

__all__ = [
    "MergePreview",
    "Separation",
    "SeparationPreview",
    "confirm_merge",
    "decline_merge",
    "judge_pair",
    "link",
    "preview_merge",
    "preview_separation",
    "propose_merge",
    "queue_pair",
    "replaced_by",
    "separate",
]

"""What a phone takes along (docs/reference/sync.md): its reader's runs as one JSON, and its shapes."""

from inspections.bundle.gathering import bundle_of
from inspections.bundle.shapes import answer_shape, photo_shape, progress_of, run_state

__all__ = ["answer_shape", "bundle_of", "photo_shape", "progress_of", "run_state"]

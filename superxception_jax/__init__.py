"""Super-Xception: classification of low-resolution chromosome images in JAX and Flax.

The names in `__all__` are imported when they are first used, so `import superxception_jax` itself
loads nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from superxception_jax.karyotyping.cell import CellImages, NamedImage, karyotype_cell
    from superxception_jax.karyotyping.karyotype import Karyotype
    from superxception_jax.runs.reader import choose_classifier, load_classifier

__version__ = "0.2.0"
__all__ = [
    "CellImages",
    "Karyotype",
    "NamedImage",
    "__version__",
    "choose_classifier",
    "karyotype_cell",
    "load_classifier",
]
_MODULES = {
    "CellImages": "superxception_jax.karyotyping.cell",
    "Karyotype": "superxception_jax.karyotyping.karyotype",
    "NamedImage": "superxception_jax.karyotyping.cell",
    "choose_classifier": "superxception_jax.runs.reader",
    "karyotype_cell": "superxception_jax.karyotyping.cell",
    "load_classifier": "superxception_jax.runs.reader",
}


# Type checkers shall know the names above and no others.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import a public name from its module when it is first used (PEP 562)."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the names of the module, also those that are not imported yet."""
    return sorted({*globals(), *__all__})

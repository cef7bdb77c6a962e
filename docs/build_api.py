"""Build the API pages of all modules in the folder `site`, with warnings as errors."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pdoc

import superxception_jax

SITE = Path(__file__).resolve().parent.parent / "site"


def main() -> None:
    """Write one page per module and print the first."""
    # The modules are imported here, because pdoc warns of what some requirements do at import.
    names = tuple(module_names(superxception_jax.__name__))
    warnings.simplefilter("error")
    # Inherited from tensorflow_datasets, which imports `utils` for type checkers only.
    warnings.filterwarnings("ignore", message=r"Error parsing type annotation .*\butils\.")
    footer = f"superxception_jax {superxception_jax.__version__}"
    pdoc.render.configure(docformat="google", footer_text=footer)
    pdoc.pdoc(*names, output_directory=SITE)
    print(SITE / "index.html")


def module_names(name: str, *, found_by_pdoc: bool = False) -> Iterator[str]:
    """Import a module and all below it, and return the names that pdoc must be given.

    Args:
        name: Name of a module or package.
        found_by_pdoc: Whether pdoc finds the module by itself: it finds those of a package, unless
            the package has an `__all__`.
    """
    module = importlib.import_module(name)
    if not found_by_pdoc:
        yield name
    for child in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        yield from module_names(child.name, found_by_pdoc=not hasattr(module, "__all__"))


if __name__ == "__main__":
    main()

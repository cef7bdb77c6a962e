"""The conclusions about a case as JSON values, for files and for the page of review."""

from __future__ import annotations

from typing import Any

from superxception_jax.karyotyping.case.case_record import Case, CaseSettings
from superxception_jax.karyotyping.export import DRAFT_NOTE
from superxception_jax.karyotyping.iscn import draft_iscn

_DECIMALS = 6


def case_json(case: Case) -> dict[str, Any]:
    """Return a case as JSON values.

    Args:
        case: What its cells say together.

    Returns:
        The draft formula ("" where it is withheld) with a note that it is a draft, its posterior
        and alternatives, the cells counted, analysed and set aside, what the cells show (lines,
        counts by class, clones, single changes, sex), what to do next (further cells, cells to
        review first), and all that a page needs to conclude the case again after a correction:
        settings, candidates, the evidence of each analysed cell, and which cells are the same.
    """
    names = [one.name for one in case.analysed]
    return {
        "case": case.name,
        "formula": case.formula,
        "note": DRAFT_NOTE,
        "withheld": case.withheld,
        "order": case.settings.order,
        "posterior": _rounded(case.posterior),
        "alternatives": [
            {"formula": formula, "posterior": _rounded(posterior)}
            for formula, posterior in case.alternatives
        ],
        "cells": {
            "counted": len(case.cells),
            "analysed": len(names),
            "set_aside": [{"cell": one.name, "reason": one.aside} for one in case.set_aside],
        },
        "lines": [{"iscn": iscn, "cells": list(cells)} for iscn, cells in case.lines],
        "class_counts": {
            name: {str(count): cells for count, cells in counts.items()}
            for name, counts in case.class_counts.items()
        },
        "clones": [{"change": change, "cells": list(cells)} for change, cells in case.clones],
        "single_changes": [
            {"cell": one.cell, "change": one.change, "text": one.text}
            for one in case.single_changes
        ],
        "sex": {name: _rounded(share) for name, share in case.sex.items()},
        "more_cells": {"count": case.more_cells, "text": case.more_text},
        "review_first": [{"cell": cell, "reason": why} for cell, why in case.review_first],
        "candidates": [
            {
                "iscn": draft_iscn(one.counts),
                "counts": list(one.counts),
                "log_prior": _rounded(one.log_prior),
            }
            for one in case.candidates
        ],
        "evidence": {
            name: [_rounded(value) for value in row]
            for name, row in zip(names, case.evidence.tolist(), strict=True)
        },
        "settings": settings_json(case.settings),
        "copies": [
            {"cell": cell, "of": [{"cell": one, "images": count} for one, count in others.items()]}
            for cell, others in case.copies.items()
        ],
    }


def settings_json(settings: CaseSettings) -> dict[str, Any]:
    """Return the settings of a case as JSON values, as `case.mjs` takes them.

    Args:
        settings: How a case is concluded.

    Returns:
        All settings; the prior as probabilities of 0 to 4 copies of each autosome and of the sex
        complements.
    """
    return {
        "order": settings.order,
        "cells_of_gain": settings.cells_of_gain,
        "cells_of_loss": settings.cells_of_loss,
        "lost": settings.lost,
        "gained": settings.gained,
        "mosaicism": settings.mosaic_probability,
        "excluded_share": settings.excluded_share,
        "sex": settings.sex,
        "autosomes": settings.prior.autosomes.tolist(),
        "sexes": dict(settings.prior.sexes),
    }


def _rounded(number: float) -> float:
    return round(float(number), _DECIMALS)

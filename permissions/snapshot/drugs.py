"""Drugs of the HIS dictionary as facts, put into a world for one question."""

from __future__ import annotations

from copy import copy

from permissions.checks.facts import DrugFacts
from permissions.checks.world import World
from portal.directory.models import Drug


def facts_of(drug: Drug) -> DrugFacts:
    return DrugFacts(
        code=drug.drug_id,
        name=drug.generic_name,
        kind=drug.drug_type,
        antibiotic=_level(drug.antibiotic_level),
        antitumor=_level(drug.antitumor_level),
        is_narcotic=drug.is_narcotic,
        psychotropic=_level(drug.psych_class),
        is_toxic=drug.is_toxic,
        is_radioactive=drug.is_radioactive,
        is_stopped=not drug.is_enabled,
    )


def _level(code: str) -> int:
    return int(code) if code.isdigit() else 0


def with_drug(world: World, drug: Drug) -> World:
    """The same people in a world that knows this drug; the kept one is not touched."""
    own = copy(world)
    own.drugs = {**world.drugs, drug.drug_id: facts_of(drug)}
    return own

"""Why two records may be one person, said so that somebody can judge it. No score, no threshold, no decision."""

from collections.abc import Mapping
from typing import Any

from population_svc.rules import AlikeReason


def reasons(pair: Mapping[str, Any]) -> list[AlikeReason]:
    """What two records have in common, from their columns marked a_ and b_."""
    found = [AlikeReason.SAME_NAME]
    if pair["a_birth_date"] == pair["b_birth_date"]:
        found.append(AlikeReason.SAME_BIRTH_DATE)
    if pair["a_phone"] is not None and pair["a_phone"] == pair["b_phone"]:
        found.append(AlikeReason.SAME_PHONE)
    if pair["a_household_id"] is not None and pair["a_household_id"] == pair["b_household_id"]:
        found.append(AlikeReason.SAME_HOUSEHOLD)
    if not (pair["a_has_number"] and pair["b_has_number"]):
        found.append(AlikeReason.NUMBER_MISSING)
    return found

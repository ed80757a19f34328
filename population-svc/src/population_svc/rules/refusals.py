"""What the population base refuses, each with its status and code."""

from grid_kernel.errors import InvalidInput, WrongState


class PersonHasLeft(WrongState):
    """The person does not live in the district any more."""

    status, code = 409, "person-has-left"


class HouseholdEnded(WrongState):
    """The household was dissolved."""

    status, code = 409, "household-ended"


class AlreadyRecorded(WrongState):
    """There is already a record with this id."""

    status, code = 409, "already-recorded"


class IdNumberRegistered(WrongState):
    """A person with this identity number is registered and lives somewhere in the district."""

    status, code = 409, "id-number-registered"


class DwellingKnown(WrongState):
    """There is already a dwelling with this house code."""

    status, code = 409, "dwelling-known"


class CareEntryEnded(WrongState):
    """The care entry has ended."""

    status, code = 409, "care-entry-ended"


class AlreadyUndone(WrongState):
    """The merger was undone already."""

    status, code = 409, "already-undone"


class AlreadyAnswered(WrongState):
    """The household was asked back already."""

    status, code = 409, "already-answered"


class NoConsentToWithdraw(WrongState):
    """The care entry rests on a statute or a decision, not on a consent."""

    status, code = 409, "no-consent-to-withdraw"


class SearchTooBroad(InvalidInput):
    """A search needs a whole identity or telephone number, or a name and a grid, building, address or birth date."""

    status, code = 400, "search-too-broad"

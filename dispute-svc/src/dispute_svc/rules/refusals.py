"""What is refused, each with a status and a code; the words are in the labels."""

from grid_kernel.errors import Forbidden, InvalidInput, NotFound, TooManyRequests, WrongState


class MoveNotAllowed(WrongState):
    """The case, or the part of a unit in it, is in a state that does not allow this."""

    code = "case-move-not-allowed"


class CoUnitsPending(WrongState):
    """Another unit has not reported to the leading one yet."""

    code = "co-units-pending"


class AlreadyWithUnit(WrongState):
    """The unit has this case already."""

    code = "already-with-unit"


class AlreadyDecided(WrongState):
    """The objection was decided before."""

    code = "objection-already-decided"


class CaseEnded(WrongState):
    """The case has ended; what is new is a new report."""

    code = "case-ended"


class CaseMovedOn(WrongState):
    """Others have moved the case on since this was done."""

    code = "case-moved-on"


class CannotMerge(WrongState):
    """The two cases cannot become one: the same one, one that has ended, or one restricted and the other not."""

    code = "cannot-merge"


class AlreadyAsked(WrongState):
    """The unit has asked for time already and waits for the answer."""

    code = "extension-already-asked"


class MayNotExtend(Forbidden):
    """Only the centre of the area decides about time, never for the own unit."""

    code = "may-not-extend"


class OperationTaken(WrongState):
    """The identifier was used for something else; whoever sends makes a new one."""

    code = "operation-taken"


class UnknownOperation(InvalidInput):
    """No act of this kind is known."""

    code = "unknown-operation"


class NotOfTheUnit(Forbidden):
    """Only the unit the case was dispatched to may do this."""

    code = "not-of-the-unit"


class NotTheArbiter(Forbidden):
    """Only an arbiter of the area who does not belong to the objecting unit decides."""

    code = "not-the-arbiter"


class MayNotDispatch(Forbidden):
    """Only the centre of the street or district dispatches by hand."""

    code = "may-not-dispatch"


class MayNotVerify(Forbidden):
    """Only the people of the grid look whether it is solved."""

    code = "may-not-verify"


class VerifierHandled(Forbidden):
    """Who handled a case, or belongs to the unit that did, does not verify it."""

    code = "verifier-handled"


class MayNotClose(Forbidden):
    """Only the community, the street or the arbiter ends a case."""

    code = "may-not-close"


class MayNotResolve(Forbidden):
    """Only a worker of the grid solves on the spot."""

    code = "may-not-resolve"


class MayNotRemind(Forbidden):
    """Only whoever answers for the area reminds a unit, never the own one."""

    code = "may-not-remind"


class MayNotReopen(Forbidden):
    """Only the reporter, or whoever may end a case, reopens it."""

    code = "may-not-reopen"


class MayNotChangeRule(Forbidden):
    """Only an arbiter or leader whose area contains the rule's changes it."""

    code = "may-not-change-rule"


class MayNotKnowReporter(Forbidden):
    """Who reported is not for this reader."""

    code = "may-not-know-reporter"


class ProgressNotFound(NotFound):
    """There is no case of this code with this query code."""

    code = "progress-not-found"


class TooManyWrongCodes(TooManyRequests):
    """Too many wrong query codes; the look-up of this case rests for a while."""

    code = "too-many-wrong-codes"

"""Turns stored applications into what people read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Header

from approval_svc import queries, rules
from approval_svc.checklists import Answer, Need, Situation, needs, situation_of, situations
from approval_svc.models import Application, Clock, Entry, HandlingUnit, Notice, Pause, ServiceItem
from approval_svc.rules import State
from approval_svc.schemas import (
    ApplicationOut,
    ChecklistLine,
    ChecklistOut,
    ClockOut,
    EntryOut,
    Figure,
    FiguresOut,
    ItemOut,
    LimitOut,
    MaterialOut,
    NoticeDraft,
    OptionOut,
    PartyOut,
    ProgressOut,
    ReceiptOut,
    ReceivedPaper,
    Sentence,
    SituationOut,
    StepOut,
    WeekFigure,
    WeekFigures,
    WhenOut,
)
from grid_kernel.clock import Unit, WorkingCalendar, explain, today, week_of
from grid_kernel.identifiers import mask_id_number, mask_phone
from grid_kernel.labels import Labels, Language, preferred_language
from grid_kernel.runtime import CurrentRuntime
from grid_kernel.working_calendar import shanghai


class Words:
    """The labels of this service in the reader's language."""

    def __init__(self, labels: Labels, language: Language) -> None:
        self._labels = labels
        self.language = language

    def say(self, *path: str, **params: object) -> str:
        """The words under a path."""
        return self._labels.text(self.language, *path, **params)

    def day(self, moment: datetime) -> str:
        """A day as a sentence says it."""
        local = shanghai(moment)
        return self.say("texts", "day", month=local.month, day=local.day)


async def reader_words(
    runtime: CurrentRuntime, accept_language: Annotated[str, Header(max_length=200)] = "zh-CN"
) -> Words:
    """Words in the language the reader prefers."""
    return Words(runtime.labels, preferred_language(accept_language))


ReaderWords = Annotated[Words, Depends(reader_words)]


def situation_out(situation: Situation, words: Words) -> SituationOut:
    """A condition as a question."""
    return SituationOut(
        code=situation.code,
        question=words.say("texts", "situation", condition=situation.condition),
        options=[OptionOut(code=answer, label=words.say("enums", "answer", answer)) for answer in Answer],
    )


def checklist_out(row: Mapping[str, Any], answers: Mapping[str, Answer], words: Words) -> ChecklistOut:
    """The papers of an item after these answers, each with its reason."""
    needed = list(needs(row["materials"], answers))
    asked = {situation.code: situation for _, need, situation in needed if situation and need is Need.ASK}
    return ChecklistOut(
        item_code=row["code"],
        item_name=row["name"],
        item_version=row["item_version"],
        lines=[
            ChecklistLine.model_validate({**material, "need": need, "reason": _reason(need, situation, words)})
            for material, need, situation in needed
        ],
        unanswered=[situation_out(situation, words) for situation in asked.values()],
        complete=row["materials_complete"],
    )


def _reason(need: Need, situation: Situation | None, words: Words) -> str:
    return words.say("texts", "need", need, condition=situation.condition if situation else "")


def notice_draft(row: Mapping[str, Any], words: Words) -> NoticeDraft:
    """The sentences of a notice: one for each required paper that was not brought, and what is often wrong with one."""
    lacking = []
    for paper in missing(row["item_materials"], row["materials"]):
        text = words.say("texts", "notice", "missing", paper=_paper(paper, words))
        lacking.append(Sentence(code="missing", seq=paper.seq, text=text))
    here = {material["seq"] for material in row["materials"]}
    brought = [material for material in row["item_materials"] if material["seq"] in here]
    standard = [
        Sentence(code=code, seq=material["seq"], text=words.say("texts", "notice", code, paper=material["name"]))
        for material in brought
        for code in NOTICE_CODES
    ]
    return NoticeDraft(missing=lacking, standard=standard)


NOTICE_CODES = ("expired", "unclear", "not_matching", "not_signed", "original_needed")
"""What is often wrong with a paper that was brought."""


def _paper(paper: MaterialOut, words: Words) -> str:
    kinds = [words.say("texts", "notice", "original")] if paper.original else []
    kinds += [words.say("texts", "notice", "copies", copies=paper.copies)] if paper.copies else []
    return f"{paper.name}（{'、'.join(kinds)}）" if kinds and words.language == "zh_CN" else paper.name


def receipt_out(
    row: Mapping[str, Any], notices: Sequence[Mapping[str, Any]], unit_name: str | None, words: Words
) -> ReceiptOut:
    """What is printed for the applicant."""
    names = {material["seq"]: material["name"] for material in row["item_materials"]}
    due_at = row["due_at"]
    step = _next_step(row["state"], unit_name or words.say("texts", "unit"), due_at, words)
    told = notices[-1]["deficiencies"] if notices and row["state"] == State.CORRECTION_REQUIRED else []
    received = [
        ReceivedPaper(seq=m["seq"], name=names.get(m["seq"], ""), files=len(m.get("attachments", ())))
        for m in row["materials"]
    ]
    return ReceiptOut.model_validate(
        {
            **row,
            "applicant_name": row["name"],
            "unit_name": unit_name,
            "received": received,
            "missing": missing(row["item_materials"], row["materials"]),
            "deficiencies": told,
            "state_text": words.say("enums", "state", row["state"]),
            "next_step": step,
            "qr_text": row["receipt_number"],
        }
    )


def item_out(row: ServiceItem | Mapping[str, Any], words: Words) -> ItemOut:
    """A service item as it is answered."""
    values = dict(row) if isinstance(row, Mapping) else row.model_dump()
    for name in ("statutory", "promised", "notice"):
        amount, unit = values.pop(f"{name}_amount"), values.pop(f"{name}_unit")
        values[f"{name}_limit"] = LimitOut(amount=amount, unit=unit) if amount is not None else None
    known = situations(values["materials"])
    values["situations"] = [situation_out(situation, words) for situation in known]
    values["materials"] = [_material_out(material, known) for material in values["materials"]]
    return ItemOut.model_validate(values)


def _material_out(material: Mapping[str, Any], known: Sequence[Situation]) -> MaterialOut:
    situation = situation_of(material, known)
    when = WhenOut(situation=situation.code, option=Answer.YES) if situation else None
    return MaterialOut.model_validate({**material, "when": when})


def missing(materials: Sequence[Mapping[str, Any]], brought: Sequence[Mapping[str, Any]]) -> list[MaterialOut]:
    """The required papers that were not brought."""
    here = {material["seq"] for material in brought}
    known = situations(materials)
    return [_material_out(m, known) for m in materials if m["required"] and m["seq"] not in here]


def clock_out(
    clock: Mapping[str, Any],
    pauses: Sequence[Mapping[str, Any]],
    calendar: WorkingCalendar,
    words: Words,
    now: datetime,
) -> ClockOut:
    """A clock with its light and the sentence that explains its end."""
    limit = rules.Limit(clock["amount"], Unit(clock["unit"]), clock["basis"])
    spans = [(pause["from_at"], pause["to_at"]) for pause in pauses]
    ends = rules.due(clock["started_at"], limit, calendar, spans)
    return ClockOut(
        kind=clock["kind"],
        started_at=clock["started_at"],
        stopped_at=clock["stopped_at"],
        due_at=clock["due_at"],
        provisional=ends.provisional,
        light=None if clock["stopped_at"] else ends.light(now).value,
        explanation=explain(ends, "zh" if words.language == "zh_CN" else "en"),
    )


def whole_out(
    row: Mapping[str, Any],
    *,
    entries: Sequence[Mapping[str, Any]],
    clocks: Sequence[ClockOut],
    notices: Sequence[Mapping[str, Any]],
    offered: Sequence[rules.Verb],
) -> ApplicationOut:
    """An application with everything that belongs to it; numbers masked."""
    party = PartyOut(
        name=row["name"],
        id_number=mask_id_number(row["id_number"]),
        phone=mask_phone(row["phone"]) if row["phone"] else None,
        person_id=row["person_id"],
        link=row["link"],
    )
    told = notices[-1]["deficiencies"] if notices and row["state"] == State.CORRECTION_REQUIRED else []
    return ApplicationOut.model_validate(
        {
            **row,
            "applicant": party,
            "missing": missing(row["item_materials"], row["materials"]),
            "deficiencies": told,
            "entries": [EntryOut.model_validate(entry) for entry in entries],
            "clocks": clocks,
            "actions": [{"action": verb, "target": row["id"], "version": row["version"]} for verb in offered],
        }
    )


def progress_out(
    application: Application,
    item: ServiceItem,
    *,
    unit: HandlingUnit | None,
    entries: Sequence[Entry],
    notices: Sequence[Notice],
    clocks: Sequence[Clock],
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    words: Words,
    now: datetime,
) -> ProgressOut:
    """What whoever holds the receipt is told: the next step, by whom, until when. Never a name."""
    state = application.state
    running = [clock for clock in clocks if clock.stopped_at is None]
    first = min(running, key=lambda clock: clock.due_at, default=None)
    shown = [pause.model_dump() for pause in pauses]
    due_at = application.due_at
    overdue = due_at is not None and due_at < now and state is not State.CORRECTION_REQUIRED
    unit_name = unit.name if unit else words.say("texts", "unit")
    told = notices[-1].deficiencies if notices and state is State.CORRECTION_REQUIRED else []
    return ProgressOut(
        receipt_number=application.receipt_number,
        item_name=item.name,
        state=state,
        state_text=words.say("enums", "state", state),
        next_step=_next_step(state, unit_name, due_at, words) + (words.say("texts", "late") if overdue else ""),
        due_at=due_at,
        due_text=clock_out(first.model_dump(), shown, calendar, words, now).explanation if first and due_at else None,
        overdue=overdue,
        deficiencies=list(told),
        steps=[
            StepOut(at=e.at, text=words.say("texts", "step", e.verb, unit=unit_name), reason=_shown(e, words))
            for e in entries
        ],
        may_rate=state is State.COMPLETED and application.grade is None,
    )


def _next_step(state: State, unit: str, due_at: datetime | None, words: Words) -> str:
    if due_at is None and state in {State.ACCEPTED, State.DEEMED_ACCEPTED}:
        return words.say("texts", "next", "no_limit", unit=unit)
    return words.say("texts", "next", state, unit=unit, due=words.day(due_at) if due_at else "")


def _shown(entry: Entry, words: Words) -> str | None:
    if entry.verb in {rules.Verb.SUSPEND, rules.Verb.RESUME} and entry.reason:
        return words.say("enums", "procedure", entry.reason)
    return entry.reason


def figures_out(row: Mapping[str, Any], area: str, now: datetime) -> FiguresOut:
    """The figures of an area, each with the query that lists its rows."""
    rows = f"/api/approval/v1/applications?area={area}"
    return FiguresOut(
        area_code=area,
        made_at=now,
        figures={queue: Figure(count=row[queue], rows=f"{rows}&queue={queue}") for queue in queries.FIGURES},
        by_state={state: Figure(count=row[state], rows=f"{rows}&state={state}") for state in State},
    )


WEEKS_SHOWN = 5


def weeks_before(now: datetime) -> list[date]:
    """The Mondays of the last weeks, the running one last."""
    running = week_of(today(now)).start
    return [running - timedelta(weeks=back) for back in reversed(range(WEEKS_SHOWN))]


def weeks_out(row: Mapping[str, Any], area: str, begins: Sequence[date], now: datetime) -> WeekFigures:
    """What came in and ended, week by week."""
    rows = f"/applications?area={area}"
    counted = [
        WeekFigure(
            week=begin,
            submitted=Figure(count=row[f"submitted_{place}"], rows=f"{rows}&submittedWeek={week_of(begin).label}"),
            ended=Figure(count=row[f"ended_{place}"], rows=f"{rows}&endedWeek={week_of(begin).label}"),
        )
        for place, begin in enumerate(begins)
    ]
    return WeekFigures(area_code=area, made_at=now, weeks=counted)

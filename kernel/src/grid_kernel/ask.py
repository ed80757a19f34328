"""Questions that need an answer now: request and reply, outside the stream, answered with the owner's permission."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from grid_kernel import clock, tracing
from grid_kernel.auth import Actor
from grid_kernel.errors import Forbidden, InvalidInput, Refusal, Unavailable
from grid_kernel.schemas import Schema

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)

Asked = TypeVar("Asked", bound=Schema)
Answered = TypeVar("Answered", bound=Schema)
TIMEOUT_SECONDS = 2.0
_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Question(Generic[Asked, Answered]):
    """A question one service answers, and who may ask it."""

    service: str
    name: str
    asks: type[Asked]
    answers: type[Answered]
    askers: frozenset[str]

    @property
    def subject(self) -> str:
        """Never below `grid.`: the stream would answer instead."""
        return f"ask.{self.service}.{self.name}.v1"


class Refused(Refusal):
    """The service that was asked refused; its status and code are kept."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__()
        self.status = int(problem["status"])  # type: ignore[misc]  # this one class speaks for many codes
        self.code = str(problem["code"])  # type: ignore[misc]


async def ask(
    runtime: "Runtime",
    question: Question[Asked, Answered],
    asked: Asked,
    *,
    actor: Actor | None = None,
    timeout: float = TIMEOUT_SECONDS,  # noqa: ASYNC109 - the deadline belongs to the question
) -> Answered:
    """Ask another service, as the actor or as the own service; Unavailable when nobody answers in time."""
    asker = actor or Actor.system(runtime.service.name)
    token = runtime.signer.mint(asker, now=clock.now(), seconds=30)
    headers = {"Authorization": f"Bearer {token}"}
    with tracing.span(question.subject, kind=SpanKind.CLIENT):
        if traceparent := tracing.current_traceparent():
            headers["traceparent"] = traceparent
        try:
            reply = await runtime.bus.client.request(
                question.subject, asked.model_dump_json(by_alias=True).encode(), timeout=timeout, headers=headers
            )
        except (NatsError, TimeoutError, OSError):
            raise Unavailable(service=question.service) from None
    answer = orjson.loads(reply.data)
    if problem := answer.get("problem"):
        raise Refused(problem)
    return question.answers.model_validate(answer["ok"])


async def answer_questions(runtime: "Runtime") -> None:
    """Answer what this service is asked until it stops."""
    slots = asyncio.Semaphore(_AT_ONCE)
    await runtime.bus.connected.wait()
    for question, answer in runtime.service.answers.items():

        async def receive(message: Msg, question: Question[Any, Any] = question, answer: Any = answer) -> None:
            async with slots:
                await message.respond(await _answer(runtime, question, answer, message))

        await runtime.bus.client.subscribe(question.subject, queue=question.service, cb=receive)
    await runtime.stopping.wait()


async def _answer(runtime: "Runtime", question: Question[Any, Any], answer: Any, message: Msg) -> bytes:
    headers = message.headers or {}
    with tracing.span(question.subject, kind=SpanKind.SERVER, carrier=headers):
        try:
            token = headers.get("Authorization", "").removeprefix("Bearer ")
            actor = runtime.verifier.verify(token, now=time.time())
            if actor.service not in question.askers:
                raise Forbidden
            asked = question.asks.model_validate_json(message.data)
            answered = await answer(runtime, actor, asked, clock.now())
        except ValidationError:
            return _problem(InvalidInput())
        except Refusal as refusal:
            return _problem(refusal)
        except Exception:
            log.exception("a question could not be answered", extra={"subject": question.subject})
            return _problem(Unavailable(service=question.service))
        return b'{"ok":' + bytes(answered.model_dump_json(by_alias=True), "utf-8") + b"}"


def _problem(refusal: Refusal) -> bytes:
    return orjson.dumps({"problem": {"status": refusal.status, "code": refusal.code}})

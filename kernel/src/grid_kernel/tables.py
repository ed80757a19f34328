"""The tables every service's database carries; plain Core, in a metadata of their own."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from grid_kernel.types import UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("position", BigInteger, Identity(), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False, server_default=func.now()),
    Column("published_at", UtcDateTime),
    # Pending rows are found by this flag, never by a cursor: identities are given before they commit.
    Index("ix_outbox_pending", "position", postgresql_where=text("published_at is null")),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", UtcDateTime, nullable=False, server_default=func.now()),
)

event_position = Table(
    "event_position",
    metadata,
    Column("subject_group", Text, primary_key=True),
    Column("aggregate_id", Uuid, primary_key=True),
    Column("sequence", Integer, nullable=False),
)

dead_event = Table(
    "dead_event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("died_at", UtcDateTime, nullable=False, server_default=func.now()),
    Column("replayed_at", UtcDateTime),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("actor_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, server_default=func.now()),
    Index("ix_idempotency_key_created_at", "created_at"),
)

access_record = Table(
    "access_record",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("position", BigInteger, Identity(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("post", Text),
    Column("unit", Text),
    Column("purpose", Text),
    Column("via", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_ids", ARRAY(Uuid), nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("trace_id", Text),
    Column("link", BigInteger),
    Column("hash", LargeBinary),
    Index("ix_access_record_unlinked", "position", postgresql_where=text("link is null")),
    Index("ix_access_record_object_ids", "object_ids", postgresql_using="gin"),
    UniqueConstraint("link"),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("position", BigInteger, Identity(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("on_behalf_of", Text),
    Column("post", Text),
    Column("unit", Text),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Uuid, nullable=False),
    Column("area_code", Text(collation="C"), nullable=False),
    Column("reason", Text),
    Column("trace_id", Text),
    Column("link", BigInteger),
    Column("hash", LargeBinary),
    Index("ix_audit_entry_unlinked", "position", postgresql_where=text("link is null")),
    Index("ix_audit_entry_object_id", "object_id"),
    UniqueConstraint("link"),
)

audit_anchor = Table(
    "audit_anchor",
    metadata,
    Column("service", Text, primary_key=True),
    Column("chain", Text, primary_key=True),
    Column("link", BigInteger, primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("anchored_at", UtcDateTime, nullable=False),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    Column("name", Text, nullable=False),
)

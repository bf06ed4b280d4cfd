"""Which columns of a join table are known to repeat those of the row that it names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from graph.tables import copies_of


class Base(DeclarativeBase):
    """Tables of these tests."""


class Person(Base):
    """Who is listed."""

    __tablename__ = "people"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    born: Mapped[datetime] = mapped_column("born_at")


class Held(Base):
    """Repeats a time, which the foreign key holds equal."""

    __tablename__ = "held"
    __table_args__ = (ForeignKeyConstraint(["person_id", "since"], ["people.id", "people.born_at"]),)

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[datetime] = mapped_column("since")


class Open(Base):
    """Repeats a time that may be left out: then the foreign key holds nothing."""

    __tablename__ = "open"
    __table_args__ = (ForeignKeyConstraint(["person_id", "since"], ["people.id", "people.born_at"]),)

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[datetime | None] = mapped_column("since")


class Loose(Base):
    """Has a time of its own, and names a person by the id alone."""

    __tablename__ = "loose"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    born: Mapped[datetime] = mapped_column("born_at")


def test_a_foreign_key_of_several_columns_holds_copies_equal() -> None:
    assert copies_of(Held.person_id, Person) == {"id": Held.person_id, "born": Held.day}


def test_a_copy_that_may_be_left_out_is_none() -> None:
    assert copies_of(Open.person_id, Person) == {}


def test_a_column_of_the_same_name_is_no_copy() -> None:
    assert copies_of(Loose.person_id, Person) == {"id": Loose.person_id}

"""What is kept of background jobs beside the queue's own tables: how often each was begun, to stop one that kills."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class JobRun(Base):
    """How often a job was begun without ending. At the limit it is parked."""

    __tablename__ = "job_runs"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entrypoint: Mapped[str]
    starts: Mapped[int]
    started_at: Mapped[datetime]
    parked_at: Mapped[datetime | None]

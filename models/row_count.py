"""How many rows of long lists there are, as changes that add up: the database's own triggers write them."""

from typing import Final

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, tenant_key

COUNTED: Final = {"contacts": "is_archived"}
"""The tables that are counted, and the boolean column that their counts are kept apart by."""


class RowCount(Tenant, Base):
    """What a statement changed: `delta` more rows of the table `counted` whose boolean column is `part`.

    The sum over a workspace's rows is how many there are now. They are folded together now and then
    (services/counts.py).
    """

    __tablename__ = "row_counts"
    __table_args__ = (tenant_key(), Index("ix_row_counts_counted", "workspace_id", "counted", "part"))

    counted: Mapped[str]
    part: Mapped[bool]
    delta: Mapped[int] = mapped_column(BigInteger)

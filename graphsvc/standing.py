"""What stands where in a shop: how far each projection has followed the log. Knows numbers; finds nothing out."""

from dataclasses import dataclass

from graphsvc import VERSION


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """How far one projection has followed the log; `detail` says what is wrong with it, if anything."""

    name: str
    offset: int
    lag: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What stands where. `head` is the log's last durable offset."""

    shop: str
    head: int
    products: int
    encoder: str
    ready: bool
    projections: tuple[ProjectionStatus, ...]
    version: str = VERSION

"""`entities`: the nodes that only texts support, and what the shop decides about them."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Column

from graphsvc.commands.terminal import dump, errors, here, out, show
from graphsvc.entities.ledger import ACCEPT, MERGE, REJECT, UNDO, Decision
from graphsvc.entities.review import Reviewed, review
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings

entities = typer.Typer(help="Nodes that texts made: accept, reject or merge them.", no_args_is_help=True)
NodeId = Annotated[str, typer.Argument(metavar="NODE", help="a node's id, as value:colour=indigo")]
Why = Annotated[str, typer.Option(help="why, for those who ask later")]
Actor = Annotated[str, typer.Option(help="who decides")]


@entities.command("list")
def list_entities(
    context: typer.Context,
    new: Annotated[bool, typer.Option("--new", help="only those that nobody has decided about")] = False,
    attribute: Annotated[str | None, typer.Option(help="only values of this attribute")] = None,
    first: Annotated[int, typer.Option(help="nodes to show")] = 50,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """List brands, manufacturers and values with their state: known (the shop says so itself), new, or as decided.

    Example:  python -m graphsvc entities list --new --attribute colour
    """
    with errors(), Service(_settings(context), write=False) as service:
        count, found = review(service.warehouse, service.history(), attribute, only_new=new, first=first)
        columns = (Column("node", overflow="fold"), "state", "products", "words", "of", "by", "nearest known")
        show(columns, [_row(one) for one in found])
        out.print(here(f"{count:,} nodes. Decide: python -m graphsvc entities accept|reject|merge NODE"), markup=False)
        if json:
            dump({"entities": count, "shown": [asdict(one) for one in found]})


@entities.command("accept")
def accept(context: typer.Context, node: NodeId, why: Why = "", actor: Actor = "local") -> None:
    """Say that a node that texts made is right: it stays, and new names are linked to it.

    Example:  python -m graphsvc entities accept value:colour=indigo
    """
    _decide(context, Decision(node, ACCEPT, why), actor)


@entities.command("reject")
def reject(context: typer.Context, node: NodeId, why: Why = "", actor: Actor = "local") -> None:
    """Say that a node is none: what texts say of it is refused from now on. What the shop's own fields say stands.

    Example:  python -m graphsvc entities reject value:colour=indigo --why "a name of a series"
    """
    _decide(context, Decision(node, REJECT, why), actor)


@entities.command("merge")
def merge(
    context: typer.Context,
    node: NodeId,
    into: Annotated[str, typer.Option(help="the node that it is another name of")],
    why: Why = "",
    actor: Actor = "local",
) -> None:
    """Say that a node is another one under another name: whatever says it, says the other from now on.

    Example:  python -m graphsvc entities merge brand:hewlett-packard --into brand:hp
    """
    _decide(context, Decision(node, MERGE, why, into), actor)


@entities.command("undo")
def undo(context: typer.Context, node: NodeId, why: Why = "", actor: Actor = "local") -> None:
    """Take the last decision about a node back; the one before it stands again.

    Example:  python -m graphsvc entities undo value:colour=indigo
    """
    _decide(context, Decision(node, UNDO, why), actor)


def _decide(context: typer.Context, decision: Decision, actor: str) -> None:
    with errors(), open_service(_settings(context), purpose="a decision") as service:
        offset = service.entities.decide(decision, service.catalogue, actor)
        out.print(f"{decision.node}: {decision.decision}, as entry {offset} of the log.", markup=False)
        if decision.decision != ACCEPT:
            out.print(
                here("It holds for what is read from now on; for what stands: python -m graphsvc re-extract"),
                markup=False,
            )


def _row(one: Reviewed) -> tuple[object, ...]:
    near = one.nearest
    state = f"{one.state} into {one.into}" if one.into else one.state
    nearest = f"{near.node} ({near.how} {near.confidence:.2f})" if near else ""
    return one.node, state, f"{one.products:,}", one.quote, one.product, one.extractor, nearest


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj
    return settings

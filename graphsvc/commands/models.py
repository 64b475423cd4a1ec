"""`models`: which models the shop has, what is known of each, and which is in production."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Column

from graphsvc.commands.terminal import dump, errors, out, show
from graphsvc.errors import GateError, InputError, RefusedError, ShopLockedError
from graphsvc.models import Limits, ModelCard, Naming, Registry, Verdict
from graphsvc.models.card import megabytes, shown
from graphsvc.running_service import RunningService, service_that_writes
from graphsvc.service import Service
from graphsvc.settings import Settings
from graphsvc.shop import Shop

models = typer.Typer(
    help="Models: list them, show one, promote it through the gate, roll back, remove.", no_args_is_help=True
)
Version = Annotated[str, typer.Argument(help="as `models list` shows it")]
Kind = Annotated[str, typer.Argument(help="mentions, relations...")]
Why = Annotated[str, typer.Option(help="the reason; it is kept in the log")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on the last line")]
DEFAULTS = Limits()
FIGURES = ("F1", "unseen F1", "texts a second", "size")


@models.command("list")
def list_models(
    context: typer.Context, kind: Annotated[str | None, typer.Option(help="of this kind alone")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """List the models that the shop has.

    Example:  python -m graphsvc models list
    """
    with errors(), Service(_settings(context), write=False) as service:
        cards = service.registry.versions(kind)
        rows = [
            (card.kind, card.version, _alias(service.registry, card), card.created, shown(card.figure("f1")),
             shown(card.figure("unseen", "f1")), shown(card.figure("per_second")), megabytes(card.size))
            for card in cards
        ]  # fmt: skip
        version = Column("version", min_width=12, no_wrap=True)  # it is copied into other commands
        columns = [Column(name, overflow="fold") for name in ("alias", "created", *FIGURES)]
        show((Column("kind", overflow="fold"), version, *columns), rows)
        if json:
            dump([_object(service.registry, card) for card in cards])


@models.command("show")
def show_model(context: typer.Context, version: Version, json: Json = False) -> None:
    """Show a model's card: training, data, scores, and when it was candidate or in production.

    Example:  python -m graphsvc models show 3fa1c2d4e5f6
    """
    with errors(), Service(_settings(context), write=False) as service:
        card = service.registry.find(version)
        show(("", _alias(service.registry, card)), list(card.rows()))
        namings = [one for one in service.registry.ledger().namings if one.version == version]
        if namings:
            show(("when", "became", "by", "why"), [_said(one) for one in namings])
        if json:
            dump(_object(service.registry, card) | {"namings": [asdict(one) for one in namings]})


@models.command("promote")
def promote(
    context: typer.Context,
    version: Version,
    worse: Annotated[float, typer.Option(help="how far below production its F1 on unseen texts may lie")] = (
        DEFAULTS.worse
    ),
    calibration: Annotated[float, typer.Option(help="largest calibration error")] = DEFAULTS.calibration,
    per_second: Annotated[float, typer.Option(help="fewest texts a second")] = DEFAULTS.per_second,
    size: Annotated[int, typer.Option(help="most bytes of its files")] = DEFAULTS.size,
    texts: Annotated[int, typer.Option(help="fewest unseen texts that it must have been tested on")] = DEFAULTS.texts,
    why: Why = "",
    json: Json = False,
) -> None:
    """Put a model into production when it passes the gate. The limits are kept in the log with the promotion.

    Examples:

      python -m graphsvc models promote 3fa1c2d4e5f6

      python -m graphsvc models promote 3fa1c2d4e5f6 --worse 0.02 --why "twice as fast"
    """
    with errors(), _writing(context, "a promotion") as service:
        limits = Limits(worse, calibration, per_second, size, texts)
        if isinstance(service, RunningService):
            if limits != DEFAULTS:
                raise InputError("A service promotes by its own limits.", "Leave them out, or end it first.")
            _say_named(service, "promoteModel", version, why, "is in production", json)
            return
        kind = service.registry.find(version).kind
        verdict = service.registry.verdict(kind, version, limits)
        _show(verdict)
        said = {"kind": kind, "version": version, "checks": [asdict(check) for check in verdict.checks]}
        try:
            offset = service.registry.promote(kind, version, limits, why)
        except GateError:
            if json:
                dump(said | {"offset": None})
            raise
        out.print(f"{kind} {version} is in production, by entry {offset} of the log.", markup=False)
        if json:
            dump(said | {"offset": offset})


@models.command("rollback")
def roll_back(context: typer.Context, kind: Kind, why: Why = "", json: Json = False) -> None:
    """Put back the model that was in production before; again goes further back.

    Example:  python -m graphsvc models rollback mentions --why "brands are missed"
    """
    with errors(), _writing(context, "a roll-back") as service:
        if isinstance(service, RunningService):
            _say_named(service, "rollBackModel", _produced(context, kind), why, "is in production again", json)
            return
        before = service.registry.alias(kind, "production")
        version = service.registry.roll_back(kind, why)
        out.print(f"{kind} {version} is in production again, {before} no longer.", markup=False)
        if json:
            dump({"kind": kind, "version": version, "before": before})


@models.command("withdraw")
def withdraw(context: typer.Context, kind: Kind, why: Why = "", json: Json = False) -> None:
    """Take the model of a kind out of production, with no other in its place. Its claims stand until re-extract.

    Example:  python -m graphsvc models withdraw relations --why "made of too few labels"
    """
    with errors(), _writing(context, "a withdrawal") as service:
        if isinstance(service, RunningService):
            _say_named(service, "withdrawModel", _produced(context, kind), why, "is in production no longer", json)
            return
        version = service.registry.withdraw(kind, why)
        out.print(f"{kind} {version} is in production no longer.", markup=False)
        if json:
            dump({"kind": kind, "version": version})


@models.command("remove")
def remove(context: typer.Context, version: Version, json: Json = False) -> None:
    """Remove a model that is neither candidate nor in production, with its files.

    Example:  python -m graphsvc models remove 3fa1c2d4e5f6
    """
    with errors(), Service(_settings(context), purpose="a removal") as service:
        kind = service.registry.find(version).kind
        offset = service.registry.remove(kind, version)
        out.print(f"{kind} {version} is removed.", markup=False)
        if json:
            dump({"kind": kind, "version": version, "offset": offset})


@contextmanager
def _writing(context: typer.Context, purpose: str) -> Iterator[Service | RunningService]:
    """The shop, to be written, or the service that writes it. Raises ShopLockedError when another process does."""
    settings = _settings(context)
    try:
        service = Service(settings, purpose=purpose)
    except ShopLockedError as error:
        with service_that_writes(Shop.open(settings.home), error) as running:
            yield running
        return
    with service:
        yield service


def _produced(context: typer.Context, kind: str) -> str:
    """The version in production."""
    with Service(_settings(context), write=False) as service:
        version = service.registry.alias(kind, "production")
    if version is None:
        raise RefusedError(f"No model of {kind} is in production.", "See: python -m graphsvc models list")
    return version


def _say_named(running: RunningService, naming: str, version: str, why: str, words: str, json: bool) -> None:
    kind, named = running.name_model(naming, version, why)
    out.print(f"{kind} {named} {words}, by the service at {running.address}.", markup=False)
    if json:
        dump({"kind": kind, "version": named})


def _show(verdict: Verdict) -> None:
    rows = [("passed" if check.passed else "FAILED", check.name, check.sentence) for check in verdict.checks]
    show(("", "check", "what was found"), rows)


def _aliases(registry: Registry, card: ModelCard) -> list[str]:
    return [alias for alias, version in registry.ledger().aliases(card.kind).items() if version == card.version]


def _alias(registry: Registry, card: ModelCard) -> str:
    return ", ".join(_aliases(registry, card))


def _object(registry: Registry, card: ModelCard) -> dict[str, Any]:
    return {**asdict(card), "aliases": _aliases(registry, card)}


def _said(one: Naming) -> tuple[str, str, str, str]:
    when = datetime.fromtimestamp(one.time / 1e6, UTC).isoformat(timespec="seconds")
    return when, f"{one.alias} by a roll-back" if one.back else one.alias, one.actor, one.why


def _settings(context: typer.Context) -> Settings:
    """The settings, of a folder that holds a shop: no command here is to make one."""
    settings: Settings = context.obj
    Shop.open(settings.home, create=False)
    return settings

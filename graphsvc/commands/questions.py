"""`search`, `recommend` and `why`: what a shop answers, without a server."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from graphsvc.commands.terminal import dump, errors, out, show
from graphsvc.entities.links import Link
from graphsvc.errors import InputError
from graphsvc.lineage import trace
from graphsvc.service import Service, open_service
from graphsvc.settings import Settings
from graphsvc.types import Filter, Hit, Reason, Recommendation, RecommendRequest, SearchRequest

UNKEPT = "(the raw row is not kept: it came in a small change)"


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="what to look for; nothing browses by popularity")] = "",
    first: Annotated[int, typer.Option(help="hits to show")] = 10,
    brand: Annotated[list[str] | None, typer.Option(help="only of this brand; may be given again")] = None,
    category: Annotated[list[str] | None, typer.Option(help='a category and all below it: "Home > Kitchen"')] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="name=value, as colour=red")] = None,
    price_min: Annotated[float | None, typer.Option(help="lowest price")] = None,
    price_max: Annotated[float | None, typer.Option(help="highest price")] = None,
    currency: Annotated[
        str | None, typer.Option(help="of the prices, as USD; without it, the commonest among what matches")
    ] = None,
    in_stock: Annotated[bool, typer.Option("--in-stock", help="only what is known to be in stock")] = False,
    facets: Annotated[bool, typer.Option(help="count brands, categories, attributes of all matches")] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Search the shop; each hit with its reasons.

    Example:  python -m graphsvc search "cordless dril" --price-max 100 --facets
    """
    with errors(), open_service(_settings(context), write=False) as service:
        chosen = Filter(tuple(brand or ()), tuple(category or ()), _attributes(attribute or []), price_min, price_max,
                        in_stock or None, currency=currency)  # fmt: skip
        result = service.search(SearchRequest(query, chosen, first, facets=("*",) if facets else ()))
        if result.corrected:
            out.print(f"Taken as: {escape(result.corrected)}")
        rows = [
            (hit.product.id, hit.product.title + (f"  (+{hit.alike} alike)" if hit.alike else ""), hit.product.brand,
             _money(hit.product.price, hit.product.currency), f"{hit.score:.3f}", _why(hit.reasons))
            for hit in result.hits
        ]  # fmt: skip
        if result.empty_reason:
            out.print(escape(result.empty_reason))
        else:
            show(("id", "title", "brand", "price", "score", "why"), rows)
            prices = f" Prices compared in {result.currency}." if result.currency and currency is None else ""
            out.print(f"{result.total:,} match{'' if result.total == 1 else 'es'}.{escape(prices)}")
        for facet in result.facets:
            values = ", ".join(f"{value.name} ({value.count:,})" for value in facet.values[:8])
            out.print(f"{escape(facet.label)}: {escape(values)}")
        if json:
            hits = [_spelled(hit) | {"alike": hit.alike} for hit in result.hits]
            said = {"corrected": result.corrected, "currency": result.currency, "empty_reason": result.empty_reason}
            dump({"query": query, **said, "total": result.total, "hits": hits})


def extract(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="a title, a description or a review")],
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Show what a text says: mentions, attributes, relations, with their places and the nodes that they mean.

    "new" is what no node means, with the nearest that are there. Nothing is written.

    Example:  python -m graphsvc extract "Nordholm 28cm cast-iron frying pan, black"
    """
    with errors(), open_service(_settings(context), write=False) as service:
        found = service.extract(text)
        rows = [
            (one.predicate, one.name, one.value, f"{one.start}–{one.end}", one.quote, f"{one.confidence:.2f}",
             one.extractor, _linked(one.link))
            for one in found.attributes
        ]  # fmt: skip
        show(("says", "of", "value", "at", "words", "sure", "by", "node"), rows)
        if found.mentions:
            show(
                ("mention", "at", "words", "sure", "by", "node"),
                [(m.label, f"{m.start}–{m.end}", m.text, f"{m.confidence:.2f}", m.extractor, _linked(m.link))
                 for m in found.mentions],
            )  # fmt: skip
        if found.relations:
            show(
                ("from", "relation", "to", "at", "sure", "by", "node"),
                [(r.head.text, r.relation, r.tail.text, f"{r.tail.start}–{r.tail.end}", f"{r.confidence:.2f}",
                  r.extractor, _linked(r.link)) for r in found.relations],
            )  # fmt: skip
        if json:
            dump(asdict(found))


def recommend(
    context: typer.Context,
    shopper: Annotated[str | None, typer.Option(help="a shopper, by the shop's own id")] = None,
    product: Annotated[str | None, typer.Option(help="a product's id")] = None,
    basket: Annotated[list[str] | None, typer.Option(help="a product in the basket; may be given again")] = None,
    intent: Annotated[str, typer.Option(help="related, complementary or substitute, for a product")] = "related",
    first: Annotated[int, typer.Option(help="products to show")] = 10,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on the last line")] = False,
) -> None:
    """Recommend for a shopper, a product or a basket; each with its reason.

    Example:  python -m graphsvc recommend --shopper 1364
    """
    if intent not in ("related", "complementary", "substitute"):
        raise typer.BadParameter("use related, complementary or substitute", param_hint="--intent")
    with errors(), open_service(_settings(context), write=False) as service:
        request = RecommendRequest(shopper, None, product, tuple(basket or ()), intent, first)  # type: ignore[arg-type]
        found = service.recommend(request)
        rows = [(item.product.id, item.product.title, f"{item.score:.3f}", _why(item.reasons)) for item in found.items]
        show(("id", "title", "score", "why"), rows)
        if json:
            dump({"items": [_spelled(item) for item in found.items]})


def why(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="a product's id, or the id of one claim")],
) -> None:
    """Walk from each fact of a product to its claims, the words that prove them, the raw row and its file.

    Example:  python -m graphsvc why grocer:1082185
    """
    with errors(), Service(_settings(context), write=False) as service:
        found = trace(service.warehouse, service.history(), name)
        show(
            ("fact", "value", "node", "claim", "sure", "extractor", "evidence"),
            [
                (f"{c.predicate} {c.name}".rstrip(), c.value, c.node, c.id,
                 f"{c.confidence:.2f}" + (" outvoted" if c.id in found.outvoted else ""), c.extractor,
                 f"{c.document.id}, {c.evidence}" if c.document else c.evidence)
                for c in found.claims
            ],
            f"{found.product_id}  {found.title}",
        )  # fmt: skip
        if found.derived:
            show(
                ("derived", "value", "node", "from", "claims"),
                [(f"{d.predicate} {d.name}", d.value, d.node, f"{d.given} {d.name}", ", ".join(d.claims))
                 for d in found.derived],
            )  # fmt: skip
        out.print(f"Row: {escape(found.file or '?')}, line {found.line}, of {escape(found.source or '?')}")
        out.print(escape(found.row or UNKEPT))
        for text in dict.fromkeys(claim.document for claim in found.claims if claim.document):
            out.print(f"{escape(text.kind.capitalize())} {escape(text.id)}: {escape(text.file)}, line {text.line}")
            out.print(escape(text.row or text.text))


def _attributes(given: list[str]) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"{pair!r} is no attribute.", "Write name=value, as --attribute colour=red")
        chosen[name] = (*chosen.get(name, ()), value)
    return chosen


def _spelled(answer: Hit | Recommendation) -> dict[str, object]:
    """One product of an answer for other programs."""
    product = answer.product
    reasons = [{"kind": reason.kind, "text": reason.text, "share": reason.share} for reason in answer.reasons]
    return {
        "id": product.id, "title": product.title, "brand": product.brand, "category": product.category,
        "price": product.price, "currency": product.currency, "score": answer.score, "reasons": reasons,
    }  # fmt: skip


def _linked(link: Link | None) -> str:
    """A node, by what it was found and how surely; or that it is new, with the nearest."""
    if link is None:
        return ""
    if link.known:
        return f"{link.node} ({link.how} {link.confidence:.2f})"
    near = ", ".join(f"{one.node} ({one.how} {one.confidence:.2f})" for one in link.candidates)
    return f"{link.node} (new" + (f"; nearest {near})" if near else ")")


def _why(reasons: tuple[Reason, ...]) -> str:
    return "; ".join(reason.text for reason in reasons[:3])


def _money(price: float | None, currency: str | None) -> str:
    return "" if price is None else f"{price:,.2f} {currency or ''}".strip()


def _settings(context: typer.Context) -> Settings:
    settings: Settings = context.obj
    return settings

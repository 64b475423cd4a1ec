"""The demo: two shops loaded as any shop is, then questions over real HTTP, printed for a person to read.

Knows the demo's files and questions; everything else is the product's own.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from graphsvc.delivery import Report
from graphsvc.demo import grocer
from graphsvc.demo.questions import QUESTIONS
from graphsvc.service import Service

MARKETPLACE = Path(__file__).parents[2] / "demo"
DELIVERIES = (  # file, asset, source; products first, for the others name them
    ("harbour.csv", "products", "harbour"),
    ("lingnan.csv", "products", "lingnan"),
    ("reviews.jsonl", "reviews", "marketplace"),
    ("events.csv", "events", "marketplace"),
)
NEXT = (
    ("GraphQL and GraphiQL", "make serve"),
    ("the graph, in Cypher", "GRAPHSVC_HOME={home} .venv/bin/python -m graphsvc cypher"),
    ("what was refused", "GRAPHSVC_HOME={home} .venv/bin/python -m graphsvc quarantine list --name harbour"),
    ("where a fact comes from", "GRAPHSVC_HOME={home} .venv/bin/python -m graphsvc why {product}"),
    ("your own file", ".venv/bin/python -m graphsvc --data shop ingest FILE --dry-run"),
)
SAID = 6  # reasons of one hit
Progress = Callable[[str, int, int], None]


def load_shops(service: Service, progress: Progress) -> list[Report]:
    """Import both shops; what is there already stays. Returns what became of each file's rows."""
    prepared = grocer.prepare(
        service.shop.home / "incoming", lambda name, rows: progress(f"writing {name}", rows, rows)
    )
    deliveries = [(done.path, done.asset, "grocer") for done in prepared]
    deliveries += [(MARKETPLACE / file, asset, source) for file, asset, source in DELIVERIES]
    return [
        service.ingest(
            str(path), asset=asset, name=source, build=False,
            progress=lambda step, done, of, what=f"{source} {asset}": progress(f"{step} {what}", done, of),
        )
        for path, asset, source in deliveries
    ]  # fmt: skip


def tour(address: str, token: str, home: Path, console: Console) -> None:
    """Ask the questions over HTTP and print the answers with their reasons and times."""
    product = ""
    with httpx.Client(base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        for question in QUESTIONS:
            began = time.perf_counter()
            answer = client.post("/graphql", json={"query": question.query, "variables": dict(question.variables)})
            took = (time.perf_counter() - began) * 1000
            console.print(f"\n[bold]{escape(question.title)}[/bold]  [dim]{took:.0f} ms over HTTP[/dim]")
            for line in answer_lines(answer.json()):
                console.print("  " + escape(line))
            product = product or str(question.variables.get("id", ""))
    console.print("\n[bold]Go on with[/bold]")
    for what, command in NEXT:
        console.print(f"  {what:<26} {escape(command.format(home=home, product=product))}")
    console.print("  GraphiQL, while served      http://127.0.0.1:8090/graphql")


def answer_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """A GraphQL answer as lines: hits with their reasons, a product with its neighbourhood, or the errors."""
    for error in answer.get("errors", ()):
        yield f"! {error['message']} {error.get('extensions', {}).get('nextStep', '')}"
    for value in (answer.get("data") or {}).values():
        if value is not None and "edges" in value:
            yield from _connection_lines(value)
        elif value is not None:
            yield from _product_lines(value)


def _connection_lines(connection: Mapping[str, Any]) -> Iterator[str]:
    if connection.get("correctedQuery"):
        yield f"taken as: {connection['correctedQuery']}"
    for number, edge in enumerate(connection["edges"], 1):
        alike = f"  (+{edge['alike']} alike)" if edge.get("alike") else ""
        yield f"{number}. {_named(edge['node'])}{alike}"
        if edge.get("reasons"):
            yield f"     why: {'; '.join(reason['text'] for reason in edge['reasons'][:SAID])}"
    if "totalCount" in connection:
        yield f"{connection['totalCount']:,} in all"
    for facet in connection.get("facets", ()):
        values = ", ".join(f"{value['name']} {value['count']:,}" for value in facet["values"][:6])
        yield f"{facet['label']}: {values}"


def _product_lines(product: Mapping[str, Any]) -> Iterator[str]:
    yield _named(product)
    around = product.get("neighbourhood") or {}
    for relation in around.get("relations", ()):
        arrow = "→" if relation["outgoing"] else "←"
        proof = f"  claim {relation['claims'][0]}" if relation.get("claims") else ""
        count = relation.get("properties", {}).get("count")
        often = f"  {count} time{'' if count == 1 else 's'}" if count else ""
        yield f"  {arrow} {relation['type']} {relation['target']['name']}{often}{proof}"


def _named(product: Mapping[str, Any]) -> str:
    price = f"  {product['price']:,.2f} {product.get('currency') or ''}" if product.get("price") is not None else ""
    category = f"  [{' > '.join(product['category'])}]" if product.get("category") else ""
    return f"{product['title']}{price}{category}".rstrip()

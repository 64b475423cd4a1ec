"""Bad input through the doors that people use, the command line and GraphQL: a clear error, and nothing is lost.

How each format is read, and what each limit refuses, is tested beside its code; here the whole way is gone.
"""

import csv
import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cypher.driver import Graph
from gql.app import create_app
from gql.tokens import Tokens
from graphsvc.__main__ import app
from graphsvc.doctor import compare
from graphsvc.service import Service
from graphsvc.types import SearchRequest
from tests.graphsvc.shops import PRODUCT_COLUMNS, PRODUCTS, write_products, write_rows
from tests.serving import ROOT, UPSERT, make_shop, settings

NASTY = [
    "'; MATCH (n) DETACH DELETE n //", "x`}) DETACH DELETE n //", "$id", '"}) { id } } #', "${jndi:ldap://x/y}",
    "=cmd|' /C calc'!A0", "'; DROP TABLE products; --", "../../etc/passwd", "{{7*7}}%n%s", "\u202eabc",
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with products and orders."""
    return make_shop(tmp_path_factory.mktemp("bad-input"))


def ingest(home: Path, path: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    """Import by the command line: exit code, what it said, and its report. Only sentences of ours may come out."""
    command = ["--data", str(home), "ingest", str(path), "--as", "products", "--no-graph", "--json", *options]
    done = CliRunner().invoke(app, command, env={"GRAPHSVC_ENCODER": "use"})
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    report = json.loads(done.stdout.strip().splitlines()[-1]) if done.exit_code == 0 else {}
    return done.exit_code, done.output, report


def state(home: Path) -> tuple[int, list[str], list[str]]:
    """What a shop holds: entries, batches, products."""
    with Service(settings(home)) as service:
        files = sorted(path.name for path in home.glob("warehouse/*/batch=*/*"))
        return service.log.head(), files, sorted(service.open().catalogue.ids)


def one(key: str = "1", title: str = "Mug", price: str = "5.00") -> list[str]:
    return [key, title, "Quill", "Home > Cups", price, "black", ""]


# ---- files that are none


def packed(path: Path, name: str, blocks: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        member.write(b"id,title\n1,Mug\n2,")
        for _ in range(blocks):
            member.write(b"x" * (1 << 20))


FILES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("p.csv", lambda path: path.write_bytes(b""), "is empty"),
    "binary": ("p.csv", lambda path: path.write_bytes(bytes(range(256)) * 64), "no text"),
    "picture": ("p.csv", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8), "a picture"),
    "duplicate header": ("p.csv", lambda path: path.write_text("id,title,id\n1,Mug,2\n"), "two columns called 'id'"),
    "header alone": ("p.csv", lambda path: path.write_text("id,title,price\n"), "holds no rows"),
    "all ragged": ("p.csv", lambda path: path.write_text("id,title,price\n1,Mug\n"), "line 2"),
    "zip bomb": ("p.zip", lambda path: packed(path, "p.csv", 300), "200 times its size"),
    "path traversal": ("p.zip", lambda path: packed(path, "../../evil.csv", 1), "points outside"),
    "cut archive": ("p.csv.gz", lambda path: path.write_bytes(gzip.compress(b"id,title\n1,Mug\n" * 9999)[:-99]), "end"),
    "broken parquet": ("p.parquet", lambda path: path.write_bytes(b"PAR1" + bytes(64) + b"PAR1"), "cannot be read"),
    "broken json": ("p.json", lambda path: path.write_text('[{"id": 1, "title": "Mug"}, {"id": '), "line"),
    "not there": ("none.csv", lambda path: None, "none.csv"),
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_read_is_said_and_nothing_has_happened(home: Path, tmp_path: Path, what: str) -> None:
    name, make, word = FILES[what]
    make(tmp_path / name)
    before = state(home)
    code, said, _ = ingest(home, tmp_path / name)
    assert code == 1, said
    assert word in said
    assert len(said.strip().splitlines()) >= 2, "what is wrong, and the next step"
    assert state(home) == before
    assert [path.name for path in tmp_path.iterdir()] in ([name], [])
    assert not list(home.parent.rglob("evil*"))


# ---- rows that are none


def test_bad_rows_are_kept_aside_each_with_its_reason_and_the_rest_come_in(home: Path, tmp_path: Path) -> None:
    bad = {
        "price_unreadable": [one("n1", price="NaN"), one("n2", price="inf"), one("n3", price="1e400")],
        "price_minimum": [one("n4", price="-1")],
        "key_max_length": [one("k" * 10_000)],
        "key_missing": [one("")],
        "ragged": [one("r1")[:-2], [*one("r2"), "more", "and more"]],
        "nul": [one("z\x00")],
        "duplicate_key": [one("d1", "Mug one")],
        "exact_duplicate": [],
    }
    rows = [*PRODUCTS, *(row for several in bad.values() for row in several), one("d1", "Mug two")]
    path = write_products(tmp_path / "mixed.csv", rows)
    raw = path.read_bytes() + b'u1,"Caf\xff\xfe\x81",Quill,Home > Cups,5.00,black,\n'
    path.write_bytes(raw)
    code, said, report = ingest(home, path)
    assert code == 0, said
    assert report["read"] == len(rows) + 1 == report["accepted"] + report["unchanged"] + report["quarantined"]
    assert report["accepted"] == len(PRODUCTS) + 1
    for rule, several in bad.items():
        assert report["rules"].get(rule, 0) == len(several), (rule, report["rules"])
    done = CliRunner().invoke(app, ["--data", str(home), "quarantine", "list", "--name", "mixed", "--json"])
    held = json.loads(done.stdout.strip().splitlines()[-1])
    assert held["rows"] == report["quarantined"]
    assert all(row["file"] == "mixed.csv" and row["line"] and row["reason"] for row in held["shown"])
    with Service(settings(home)) as service:
        product = service.open().product("mixed:d1")
        assert product is not None
        assert product.title == "Mug two"
    again = ingest(home, path)[2]
    assert (again["offset"], again["unchanged"], again["quarantined"]) == (None, 7, report["quarantined"])


GIANT = """
import resource, sys
from graphsvc.__main__ import app
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def run(path):
    try: app(["--data", sys.argv[1], "ingest", path, "--as", "products", "--no-graph", "--json"], standalone_mode=False)
    except SystemExit as end: assert not end.code, end.code
run(sys.argv[2])
before = peak()
run(sys.argv[3])
sys.stdout.write(f"\\n{peak() - before}")
"""


def test_a_line_of_200_megabytes_is_never_held_and_costs_no_other_row(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHSVC_ENCODER", "use")
    small = write_products(tmp_path / "small.csv", [one("s1", "Small jug")])
    path = write_products(tmp_path / "giant.csv", [one("g1", "Giant jug"), one("g2")])
    with path.open("ab") as file:
        file.write(b'g3,"')
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b'",Quill,,,,\r\n')
        file.write(b"g4,Giant mug,Quill,Home > Cups,5.00,black,\r\n")
    command = [sys.executable, "-c", GIANT, str(home), str(small), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    *lines, grown = done.stdout.strip().splitlines()
    found = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
    assert (found["read"], found["accepted"], found["quarantined"]) == (4, 3, 1)
    assert found["rules"].keys() <= {"line_too_long", "ragged"}
    assert int(grown) < 150, f"{grown} MiB"


# ---- injection, everywhere


def test_what_looks_like_code_is_text_in_every_store(
    tmp_path: Path, neo4j: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Titles, brands, categories, values, names of columns and ids, through Neo4j and the analysts' door too."""
    monkeypatch.setenv("NEO4J_URI", neo4j.connection.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j.connection.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j.connection.password)
    columns = [*PRODUCT_COLUMNS, "x`}) DETACH DELETE n //", "=1+1", "<b>y</b>"]
    rows = [[text, text, text, f"Home > {text}", "5", text, text, text, text, text] for text in NASTY]
    path = write_rows(tmp_path / "p.csv", rows, columns)
    code, said, report = ingest(tmp_path / "shop", path, "--name", "odd")
    assert (code, report.get("accepted")) == (0, len(NASTY)), said
    with Service(settings(tmp_path / "shop")) as service:
        service.open().follow_graph()
        assert not [finding for finding in compare(service) if finding.differences]
        titles = {hit.product.title for hit in service.search(SearchRequest("", first=100)).hits}
        assert {"'; MATCH (n) DETACH DELETE n //", "=cmd|' /C calc'!A0", "$id"} <= titles
    ask = ["--data", str(tmp_path / "shop"), "cypher", "-c", "MATCH (p:Product) RETURN p.title AS title", "--format"]
    done = CliRunner().invoke(app, [*ask, "csv"])
    exported = [row[0] for row in csv.reader(done.stdout.splitlines())][1:]
    assert len(exported) == len(NASTY)
    assert not [title for title in exported if title.startswith(("=", "+", "-", "@"))], "a spreadsheet runs these"


@pytest.fixture
def ask(home: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Asks the real service over GraphQL."""
    with Service(settings(home)) as service:
        service.open()
        tokens = Tokens(service.shop.secret("publishable"), service.shop.secret("secret"))
        with TestClient(create_app(service, service.settings, tokens)) as client:

            def ask(query: str, **variables: Any) -> dict[str, Any]:
                headers = {"authorization": f"Bearer {service.shop.secret('secret')}"}
                reply = client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
                assert reply.headers["content-type"].startswith("application/json")
                assert reply.headers["x-content-type-options"] == "nosniff", "no page comes of a product's text"
                answer: dict[str, Any] = reply.json()
                return answer

            yield ask


@pytest.mark.parametrize("text", [*NASTY, "<script>alert(1)</script>Mug", "\x00\x01", "x" * 1_900])
def test_a_product_that_is_sent_is_given_back_or_refused(ask: Callable[..., dict[str, Any]], text: str) -> None:
    sent = {"id": f"odd:{text[:40]}", "title": f"Mug {text}", "brand": text[:40], "attributes": [{"name": text[:40], "value": text[:40]}]}  # fmt: skip  # noqa: E501
    answer = ask(UPSERT, p=[sent], k=f"odd {text[:9]}")
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT", answer
        assert answer["errors"][0]["extensions"]["nextStep"]
        return
    offset = answer["data"]["upsertProducts"]["offset"]
    found = ask("query ($i: ID!, $o: Long!) { product(id: $i, minOffset: $o) { title } }", i=sent["id"], o=offset)
    assert "Mug" in found["data"]["product"]["title"]
    assert "<script" not in found["data"]["product"]["title"]


@pytest.mark.parametrize(
    "query",
    [
        '{ search(query: "pan", after: "x") { totalCount } }',
        '{ search(query: "pan", after: "%s") { totalCount } }',
        '{ search(query: "pan", filter: {attributes: [{name: "nothing", values: ["x"]}]}) { totalCount } }',
        '{ search(query: "pan", filter: {nothing: 1}) { totalCount } }',
        '{ search(query: "pan", first: -1) { totalCount } }',
        '{ search(query: "%s") { totalCount } }' % ("x" * 100_000),
        "{" + " ".join(f"a{n}: search {{ totalCount }}" for n in range(10_000)) + "}",
        "{ category(id: \"c\") " + "{ parent " * 200 + "{ id }" + " }" * 200 + " }",
    ],
    ids=lambda query: query[:60],
)  # fmt: skip
def test_what_cannot_be_asked_has_a_clear_error(ask: Callable[..., dict[str, Any]], query: str) -> None:
    if 'after: "%s"' in query:
        other = ask('{ search(query: "lamp", first: 1) { pageInfo { endCursor } } }')
        query = query % other["data"]["search"]["pageInfo"]["endCursor"]
    answer = ask(query)
    error = answer["errors"][0]
    assert error["extensions"]["code"].startswith("BAD_") or "LIMIT" in error["extensions"]["code"], error
    assert error["extensions"]["nextStep"]
    assert ask('{ search(query: "frying pan") { totalCount } }')["data"]["search"]["totalCount"] > 0


# ---- what is judged is what is served


def test_graphql_ranks_as_what_evaluation_judges(ask: Callable[..., dict[str, Any]], home: Path) -> None:
    """`evaluate search` reads Catalogue.ranking; the hits of GraphQL are its beginning, in its order."""
    for query in ("frying pan", "fryng pan", "black lamp", "保温杯"):
        served: list[str] = []
        after = None
        while True:
            page = ask(
                "query ($q: String!, $a: String) { search(query: $q, first: 2, after: $a)"
                " { edges { node { id } } pageInfo { hasNextPage endCursor } } }",
                q=query, a=after,
            )["data"]["search"]  # fmt: skip
            served += [edge["node"]["id"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert served
        assert served == ranking(home, query)[: len(served)]


def ranking(home: Path, query: str) -> list[str]:
    with Service(settings(home), write=False) as service:
        return service.open().catalogue.ranking(query, 100)

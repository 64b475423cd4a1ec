from cypher.driver import Graph
from cypher.migrations import migrate, migrations
from cypher.statements import step

NAMES = "SHOW CONSTRAINTS YIELD name RETURN name"


def test_all_are_applied_once_and_recorded(neo4j: Graph) -> None:
    migrate(neo4j)
    assert migrate(neo4j) == []
    recorded = neo4j.read(step("read_migrations")).dicts()
    assert [row["number"] for row in recorded] == [migration.number for migration in migrations()]


def test_an_index_that_a_killed_server_left_is_no_obstacle(neo4j: Graph) -> None:
    """It was made for a constraint, which the kill came before, and has its name."""
    neo4j.execute("DROP CONSTRAINT graphsvc_shop IF EXISTS")
    neo4j.execute("CREATE INDEX graphsvc_shop FOR (n:Graphsvc) ON (n.shop)")
    neo4j.execute("MATCH (m:GraphsvcMigration) DELETE m")
    assert migrate(neo4j) == [migration.number for migration in migrations()]
    assert "graphsvc_shop" in {row["name"] for row in neo4j.execute(NAMES).dicts()}

"""The graph database: local server, driver, migrations, named queries, bulk import, the door for analysts."""

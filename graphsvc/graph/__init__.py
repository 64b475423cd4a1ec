"""Records and claims to nodes and edges, and the projection that keeps Neo4j in step with the write log."""

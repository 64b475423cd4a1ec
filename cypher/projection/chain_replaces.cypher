// purpose: what a product replaces by what it replaces: a product of that model that replaces another, over two steps at most
// params: id text, limit integer
// returns: label, node, properties
MATCH (p:Product {id: $id})-[first:REPLACES]->(v:Value)
CALL (p, v) {
    UNWIND ['model', 'mpn', 'part-number'] AS name
    MATCH (:Value {id: 'value:' + name + '=' + split(v.id, '=')[1]})<-[is:HAS_VALUE]-(q:Product)-[r:REPLACES]->(w:Value)
    WHERE q <> p AND is.derived IS NULL
    RETURN w, is.claims + r.claims AS claims, is.confidence * r.confidence AS sure
    LIMIT 25
}
CALL (p, w, claims, sure) {
    RETURN w AS x, claims AS further, sure AS confidence
    UNION
    UNWIND ['model', 'mpn', 'part-number'] AS name
    MATCH (:Value {id: 'value:' + name + '=' + split(w.id, '=')[1]})<-[is:HAS_VALUE]-(q:Product)-[r:REPLACES]->(x:Value)
    WHERE q <> p AND is.derived IS NULL
    RETURN x, claims + is.claims + r.claims AS further, sure * is.confidence * r.confidence AS confidence
    LIMIT 25
}
WITH p, x, first.claims + further AS claims, first.confidence * confidence AS confidence
WHERE NOT EXISTS { (p)-[:REPLACES]->(x) }
WITH x, claims, confidence ORDER BY confidence DESC
WITH x, collect({derived: true, claims: claims, confidence: confidence})[0] AS properties
RETURN 'Value' AS label, properties(x) AS node, properties
ORDER BY x.id
LIMIT $limit

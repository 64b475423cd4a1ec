// purpose: the categories below one, or the whole tree, with the products in each subtree
// params: category text = null, depth integer = 2
// returns: category, id, children, products
MATCH (c:Category)
WHERE ($category IS NULL AND c.depth <= $depth)
   OR EXISTS { (c)-[:CHILD_OF*0..12]->(top:Category {id: $category}) WHERE c.depth <= top.depth + $depth }
CALL (c) {
  OPTIONAL MATCH (c)<-[:CHILD_OF*0..12]-(:Category)<-[:IN_CATEGORY]-(p:Product)
  RETURN count(DISTINCT p) AS products
}
RETURN reduce(path = '', part IN c.path | path + CASE path WHEN '' THEN '' ELSE ' > ' END + part) AS category, c.id AS id,
       COUNT { (c)<-[:CHILD_OF]-() } AS children, products
ORDER BY category

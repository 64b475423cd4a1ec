// purpose: indexes under the names of constraints that a kill kept from being made: nothing owns them
// params: names list
// returns: name
SHOW INDEXES YIELD name, owningConstraint
WHERE name IN $names AND owningConstraint IS NULL
RETURN name

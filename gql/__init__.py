"""GraphQL over Service. Translates, decides nothing."""

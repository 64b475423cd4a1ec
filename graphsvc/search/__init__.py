"""Search: understand a query, score every document, decide what matches, filter, count, explain."""

"""The product: raw retail data in, one governed graph, search and recommendation with their reasons out."""

VERSION = "0.1.0"

"""Metrics and protocols: what the product is judged by, from the product's own code."""

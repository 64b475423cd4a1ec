"""Recommendation: what shoppers did becomes a snapshot of models; an engine answers from it, moved by live events."""

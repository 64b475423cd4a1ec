"""The warehouse: immutable Delta versions, contracts, cleaning, standardising, quarantine."""

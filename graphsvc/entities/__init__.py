"""The nodes of the graph that texts name: which one a name means, and what the shop decided about new ones."""

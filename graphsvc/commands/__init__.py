"""The command line, one module per concern. Speaks to people; every decision is the service's."""

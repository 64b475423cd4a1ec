"""What happens to machines: a part that dies, a full disk, a lost tail, a damaged file, a clock, a port in use.

Each ends in a clear error with its next step, or in nothing at all; what was acknowledged stays, and doctor agrees.
Kills of the service and of imports stand in test_faults.
"""

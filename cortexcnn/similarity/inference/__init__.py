"""How far a similarity can be trusted: draws, ceilings, tests, power, and which of these to use."""

"""How alike RDMs are, on their pairs of stimuli or as wholes; what can be done to them before, and maps of them."""

"""How alike two sets of responses are, up to what does not matter."""

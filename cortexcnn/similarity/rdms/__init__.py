"""Responses into representational dissimilarity matrices, by themselves or in units of their noise."""

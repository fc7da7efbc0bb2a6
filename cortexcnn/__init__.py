"""Electrophysiology for convolutional networks: does this network see as the visual cortex does?"""

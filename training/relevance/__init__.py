"""Fits the weights of `hybrid` and `evidence` on question sets."""

"""Sentence encoders and what is computed with them."""

"""Causal language models: what a text's tokens tell, and what their attention points at."""

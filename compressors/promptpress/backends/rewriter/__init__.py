"""Chunk-and-rewrite: a text in semantic chunks, each of which may be written anew in fewer words."""

"""Evaluator heads: attention heads that point at the tokens a question is about (EHPC, arXiv 2501.12959)."""

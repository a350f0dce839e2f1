"""Translate RAM policy documents: grammar, conditions, statements."""

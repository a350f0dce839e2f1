"""Compile decision tables, the cache of the general rule."""

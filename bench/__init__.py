"""Benchmarks of ramgate: its speed, memory and build time, over a floor and over its peers.

The floor is a rule with a constant answer in the same OPA. `python -m bench` (`make bench`)
measures all goals of `bench.report.GOALS` in one run.
"""

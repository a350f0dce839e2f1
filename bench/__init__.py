"""Benchmarks: what ramgate takes, beside the floor that OPA sets and beside its peers.

`python -m bench` (`make bench`) measures the goals of `bench.report.GOALS`, all in one run.
"""

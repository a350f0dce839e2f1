"""Decide questions about all requests: find one that some policies allow and others do not.

`world` reads the access of principals from a store, `access` asks for a request that an access
allows, does not allow, or allows newly, and `changes` compares two stores. A request that is found
is a claim: have OPA decide it before it is shown. None is a proof. `budget.Undecided` is neither.
"""

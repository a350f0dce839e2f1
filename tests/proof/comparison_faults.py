"""Deliberate faults of comparisons and rules, for `mutants` and the tests of their rooms."""

from __future__ import annotations

from typing import Final

__all__ = ["FAULTS"]

_ROOM: Final = "python/ramgate/analysis"

_OUTSIDERS: Final = f"{_ROOM}/sides/outsiders.py"
_NUMBERS: Final = f"{_ROOM}/sides/numbers.py"
_DOCUMENTS: Final = f"{_ROOM}/sides/documents.py"
_TERRAFORM: Final = f"{_ROOM}/sides/terraform.py"
_COMPARE: Final = f"{_ROOM}/diff/compare.py"
_CHECK: Final = f"{_ROOM}/prove/check.py"
_RULES: Final = f"{_ROOM}/prove/rules.py"
_POPULATION: Final = f"{_ROOM}/population.py"
_SPACES: Final = f"{_ROOM}/spaces.py"
_REST: Final = f"{_ROOM}/fixes/rest.py"
_WORLD: Final = f"{_ROOM}/prover/world.py"
_ENTRIES: Final = f"{_ROOM}/replay/entries.py"
_HIDDEN: Final = f"{_ROOM}/sides/hidden.py"
_REPLAY: Final = f"{_ROOM}/replay/compare.py"

FAULTS: Final = (
    (
        "one user stands for all principals of a trusted account",
        _OUTSIDERS,
        "tests = _tests([*_deciding(stores, roots), *documents])",
        "tests = _tests([])",
    ),
    (
        "a principal that a trust policy names stands for others",
        _OUTSIDERS,
        "Space(Asker(kind, number, None, unnamed=unnamed))",
        "Space(Asker(kind, number, None))",
    ),
    (
        "control policies do not tell the principals of a trusted account apart",
        _OUTSIDERS,
        "for above in levels(store).values():",
        "for above in ():",
    ),
    (
        "the number of an account is looked for in the region",
        _NUMBERS,
        '(*glob.text("acs:"), *_FIELD, *_FIELD)',
        '(*glob.text("acs:"), *_FIELD)',
    ),
    (
        "patterns of roles tell no accounts apart if they are written in upper case",
        _NUMBERS,
        "(*statement.resource_globs, *statement.role_globs)",
        "statement.resource_globs",
    ),
    (
        "patterns of principals tell no accounts apart",
        _NUMBERS,
        "principals.update(listed_globs(condition, fold=fold))",
        "pass",
    ),
    (
        "a Deny of a document is not compared beside other policies",
        _DOCUMENTS,
        "yield _Holding(name, user, may_do_all=True, others=set())",
        "yield _Holding(name, user, may_do_all=False, others=set())",
    ),
    (
        "the last document of a principal replaces the others",
        _DOCUMENTS,
        "            if taken.isdisjoint(own):\n",
        "            if True:\n",
    ),
    (
        "unreadable documents break no rule",
        _CHECK,
        '        if opened is not None and rule.kind != "always":\n',
        "        if False:\n",
    ),
    (
        "unreadable documents allow nothing newly",
        _COMPARE,
        "            self._doubt_unread(found, budget)\n",
        "",
    ),
    (
        "roles of accounts that are not stated let no principal in",
        _REST,
        "next(itertools.chain(doubts, elsewhere), None)",
        "next(iter(doubts), None)",
    ),
    (
        "the search takes the holder of a document for that of another",
        _DOCUMENTS,
        "    for group in apart():\n",
        "    for group in [holdings]:\n",
    ),
    (
        "a role that may assume itself loses its trust policy",
        _DOCUMENTS,
        "    if name.lower() not in roles:\n",
        "    if True:\n",
    ),
    (
        "an unknown trust policy concerns its role alone",
        _TERRAFORM,
        "found[reason, reason in callers].append(arn)",
        "found[reason, False].append(arn)",
    ),
    (
        "further data of documents is not compared",
        _COMPARE,
        "for pair in zip(before.stores, after.stores, strict=True):",
        "for pair in [(before.store, after.store)]:",
    ),
    (
        "too many kinds of principals of a trusted account are no doubt",
        _COMPARE,
        "        doubts += more\n",
        "",
    ),
    (
        "the condition of a rule is tried for one of its principals",
        _CHECK,
        "documents=[rule.condition] if rule.condition else [],",
        "documents=[],",
    ),
    (
        "exceptions of a rule do not tell principals of a trusted account apart",
        _CHECK,
        "        if rule.exceptions:\n",
        "        if False:\n",
    ),
    (
        "requests that are all malformed are always allowed",
        _CHECK,
        "            if not decision.allow:\n",
        "            if False:\n",
    ),
    (
        "other condition keys break an `always` with a resource of its own",
        _RULES,
        "            is_closed=is_closed,\n",
        "",
    ),
    (
        "further documents tell no principals apart",
        _POPULATION,
        "tested = (signature, tests.signature(one))",
        "tested = (signature, ())",
    ),
    (
        "a service is asked only about assuming a role",
        _SPACES,
        "for account, _ in self.roles[:1]:",
        "for account, _ in self.roles[:0]:",
    ),
    (
        "a role that is named and does not exist is left out",
        _SPACES,
        "self._missing = None if self.roles else question.named_role",
        "self._missing = None",
    ),
    (
        "a fix is proved without the principals of trusted accounts",
        _REST,
        "    (old, new), doubts = with_outsiders(old, new)\n",
        "    doubts: tuple[str, ...] = ()\n",
    ),
    (
        "service-linked roles are compared with other roles (5.4)",
        _WORLD,
        "                self._linked(asker) is not None,\n",
        "",
    ),
    (
        "a question to a package is none to ramgate's rules",
        _ENTRIES,
        "(?:ram|slr|authzen)(?:/|$)",
        "(?:ram|slr|authzen)/",
    ),
    (
        "a query gives no access",
        _ENTRIES,
        "        return Unasked(_QUERY)\n",
        "        return Unasked(_QUERY, access=False)\n",
    ),
    (
        "times of a log are compared as texts",
        _REPLAY,
        "_Times(1, (one.nanoseconds, one.time), (one.nanoseconds, one.time))",
        "_Times(1, (0, one.time), (0, one.time))",
    ),
    (
        "a group whose members are not in the file is not looked at",
        _HIDDEN,
        "for name in sorted({*before, *after} - known):",
        "for name in sorted({*before, *after} & known):",
    ),
    (
        "a Deny that a principal loses is not looked at",
        _HIDDEN,
        '_gone("Deny", old, new, one.held, after.get(one.compared, ()))',
        '_gone("Allow", old, new, one.held, after.get(one.compared, ()))',
    ),
    (
        "an account that leaves the directory is not looked at",
        _HIDDEN,
        "number not in after or any",
        "any",
    ),
    (
        "a member account may lose a control policy's Deny",
        _HIDDEN,
        'return _gone("Deny", old, new, before, after) or _gone("Allow", new, old, after, before)',
        'return _gone("Allow", new, old, after, before)',
    ),
)
"""The fault, the file, the text that is replaced, and the text that takes its place."""

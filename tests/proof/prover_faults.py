"""Deliberate faults of the prover, which `mutants` runs against the tests of its room."""

from __future__ import annotations

from typing import Final

__all__ = ["FAULTS"]

_ROOM: Final = "python/ramgate/analysis/prover"

_GLOB: Final = f"{_ROOM}/glob.py"
_WALK: Final = f"{_ROOM}/walk.py"
_READING: Final = f"{_ROOM}/reading.py"
_KEY_VALUES: Final = f"{_ROOM}/key_values.py"
_CONTEXT: Final = f"{_ROOM}/context.py"
_POINT: Final = f"{_ROOM}/point.py"
_SPACE: Final = f"{_ROOM}/space.py"
_STATEMENT: Final = f"{_ROOM}/statement.py"
_ACCESS: Final = f"{_ROOM}/access.py"
_PROVER_WORLD: Final = f"{_ROOM}/world.py"
_CHANGES: Final = f"{_ROOM}/changes.py"
_READABLE: Final = f"{_ROOM}/readable.py"
_BUDGET: Final = f"{_ROOM}/budget.py"

FAULTS: Final = (
    (
        "the prover lets a `*` of a field cross a colon (3.1)",
        _GLOB,
        "_MANY_IN_FIELD: Final = Atom(None, COLON, repeats=True)",
        "_MANY_IN_FIELD: Final = Atom(None, repeats=True)",
    ),
    (
        "the prover lets a `?` of a field be a colon (3.1)",
        _GLOB,
        "_ONE_IN_FIELD: Final = Atom(None, COLON)",
        "_ONE_IN_FIELD: Final = Atom(None)",
    ),
    (
        "the prover compares a role with patterns that are not lower-cased (3.4)",
        _GLOB,
        "return dataclasses.replace(atom, characters=frozenset(map(opa_lower, atom.characters)))",
        "return atom",
    ),
    (
        "the prover forgets that the Kelvin sign is a K",
        _GLOB,
        "_letters().get(opa_lower(character), frozenset()) | {",
        "frozenset() | {",
    ),
    (
        "the prover reads the backslash of an escaped character",
        _GLOB,
        "_literal(written[-1])",
        "_literal(written[0])",
    ),
    (
        "the prover reads one character too many",
        _GLOB,
        "* (most - 1))",
        "* most)",
    ),
    (
        "the prover's lower case of a dotted capital I has two characters",
        _GLOB,
        '"i" if character == "\\u0130" else character.lower()',
        "character.lower()",
    ),
    (
        "the walk does not skip repeating atoms at the start",
        _WALK,
        "start = self._closed(self._start)",
        "start = self._start",
    ),
    (
        "the walk does not skip repeating atoms after a character",
        _WALK,
        "after = self._closed(((state & step.moves) << 1) | (state & step.stays))",
        "after = ((state & step.moves) << 1) | (state & step.stays)",
    ),
    (
        "the walk skips only one repeating atom",
        _WALK,
        "        while more := ((state & self._skippable) << 1) & ~state:",
        "        if more := ((state & self._skippable) << 1) & ~state:",
    ),
    (
        "a state with more unwanted positions dominates",
        _WALK,
        "    if any(other & ~bad == 0 for other in same):",
        "    if any(bad & ~other == 0 for other in same):",
    ),
    (
        "a state with fewer wanted positions dominates",
        _WALK,
        "good & ~others == 0 and any(",
        "others & ~good == 0 and any(",
    ),
    (
        "wanted and unwanted positions are exchanged",
        _WALK,
        "seen, after & self._good, after & ~self._good",
        "seen, after & ~self._good, after & self._good",
    ),
    (
        "an avoided text is found",
        _WALK,
        "return not state & self._avoided and all(",
        "return all(",
    ),
    (
        "the positions of other choices are wanted",
        _WALK,
        "            if choice.inverted:\n",
        "            if not choice.inverted:\n",
    ),
    (
        "a text is left out that matches fewer choices than an earlier one",
        _WALK,
        "if not any(one & ~matched == 0 for one in minimal):",
        "if not any(matched & ~one == 0 for one in minimal):",
    ),
    (
        "the walk ends at its first text",
        _WALK,
        "                    if matched == 0:\n",
        "                    if matched >= 0:\n",
    ),
    (
        "a character that no pattern names is not tried",
        _WALK,
        "        yield self._other\n",
        "",
    ),
    (
        "a character is not tried that only lets positions stay",
        _WALK,
        "(step.moves ^ default.moves) | (step.stays ^ default.stays)",
        "step.moves ^ default.moves",
    ),
    (
        "an inverted choice counts as matched if its patterns match",
        _WALK,
        "if bool(state & choice.bits.ends) != choice.inverted",
        "if state & choice.bits.ends",
    ),
    (
        "the prover lets an unreadable value satisfy an Allow (4.6)",
        _READING,
        '        # 4.6\n        return effect == "Deny"',
        "        # 4.6\n        return True",
    ),
    (
        "the prover lets an absent key satisfy an Allow (4.5)",
        _READING,
        'return effect == "Deny" and (',
        "return (",
    ),
    (
        "the prover reads `every` as `some` (4.7)",
        _READING,
        'any(fitting) if condition["quantifier"] == "some" else all(fitting)',
        "any(fitting)",
    ),
    (
        "the prover compares texts with case with a role (3.4)",
        _READING,
        '    if fold and family(condition) == "String":',
        "    if False:",
    ),
    (
        "the prover reads a boolean as a number",
        _READING,
        " and not isinstance(element, bool)",
        "",
    ),
    (
        "the prover reads a float as its binary fraction",
        _READING,
        "decimal.Decimal(repr(element) if isinstance(element, float) else element)",
        "decimal.Decimal(element)",
    ),
    (
        "the prover reads a date of 2262",
        _READING,
        "range(1678, 2262)",
        "range(1678, 2263)",
    ),
    (
        "the prover reads an IPv4-mapped address as IPv6",
        _READING,
        'getattr(found, "ipv4_mapped", None) or found',
        "found",
    ),
    (
        "the prover does not try an absent key",
        _KEY_VALUES,
        "    if domain.may_be_absent and _all_met(requirements, ABSENT, domain):",
        "    if False:",
    ),
    (
        "the prover does not try an unreadable value",
        _KEY_VALUES,
        "    if _all_met(requirements, unreadable, domain):",
        "    if False:",
    ),
    (
        "the prover finds only the first element of a list",
        _KEY_VALUES,
        "for one in some] or [every]:",
        "for one in some][:1] or [every]:",
    ),
    (
        "the prover asks every element where one suffices",
        _KEY_VALUES,
        "(some if is_some == one.wanted else every)",
        "(some if is_some != one.wanted else every)",
    ),
    (
        "the prover does not try a number between two listed ones",
        _KEY_VALUES,
        ("        points += [(low + high) / 2 for low, high in itertools.pairwise(listed)]\n"),
        "",
    ),
    (
        "the prover does not try a number below all listed ones",
        _KEY_VALUES,
        "points += [listed[0] - 1, listed[-1] + 1]",
        "points += [listed[-1] + 1]",
    ),
    (
        "the prover does not try the instant before a listed one",
        _KEY_VALUES,
        "for nearby in (one, one - 1, one + 1):",
        "for nearby in (one, one + 1):",
    ),
    (
        "the prover tries the last address of a block instead of the next",
        _KEY_VALUES,
        "points.add(block.broadcast_address + 1)",
        "points.add(block.broadcast_address)",
    ),
    (
        "the prover forgets the addresses behind the IPv4-mapped ones",
        _KEY_VALUES,
        '"::", "::1:0:0:0")',
        '"::", "::1")',
    ),
    (
        "the prover looks for a text that a negated condition lists",
        _KEY_VALUES,
        'if one.expected != one.condition["negated"]:',
        'if one.expected == one.condition["negated"]:',
    ),
    (
        "the prover finds a text that the key may not have",
        _KEY_VALUES,
        "avoided: list[Glob] = [glob.text(one) for one in sorted(domain.excepted)]",
        "avoided: list[Glob] = []",
    ),
    (
        "the prover takes an unread type for a proof",
        _KEY_VALUES,
        'raise Undecided(f"conditions compare `',
        'return None and (f"`',
    ),
    (
        "a date behind 2261 is written a minute too late",
        _KEY_VALUES,
        "(nanoseconds - _LAST - 1) // (_MINUTE * _SECOND) + 1",
        "(nanoseconds - _LAST - 1) // (_MINUTE * _SECOND)",
    ),
    (
        "the prover satisfies the conditions that must fail",
        _CONTEXT,
        "Requirement(condition, effect, wanted=False)",
        "Requirement(condition, effect, wanted=True)",
    ),
    (
        "a choice of a condition is not taken back",
        _CONTEXT,
        "            del chosen[key][_name(one)]\n",
        "",
    ),
    (
        "only the first condition of a statement is tried",
        _CONTEXT,
        'sorted(wanted, key=lambda one: one.condition["key"] in chosen):',
        'sorted(wanted, key=lambda one: one.condition["key"] in chosen)[:1]:',
    ),
    (
        "only the first form of a resource is tried",
        _POINT,
        "            for frame in self._space.frames:\n",
        "            for frame in self._space.frames[:1]:\n",
    ),
    (
        "a question that remains open counts as a proof",
        _POINT,
        "        if self._doubt is not None:\n",
        "        if False:\n",
    ),
    (
        "`NotAction` of a wanted statement is read as `Action`",
        _POINT,
        "            if one.statement.is_except:\n",
        "            if False:\n",
    ),
    (
        "`NotAction` of an unwanted statement is read as `Action`",
        _POINT,
        "Choice(one.statement.action_globs, one.statement.is_except)",
        "Choice(one.statement.action_globs)",
    ),
    (
        "a statement whose condition fails on a known value is kept",
        _POINT,
        "        elif not is_satisfied(",
        "        elif is_satisfied(",
    ),
    (
        "a known role is compared with case (3.4)",
        _POINT,
        'condition, statement.effect, fixed[0], fold=space.folds(condition["key"])',
        "condition, statement.effect, fixed[0]",
    ),
    (
        "a region `*` is an ordinary text (3.5)",
        _SPACE,
        'Frame("stated", stated, (self._open_region(account), role)),',
        'Frame("stated", stated, (role,)),',
    ),
    (
        "a role's ARN is compared as another resource (3.4)",
        _SPACE,
        'Frame("stated", stated, (self._open_region(account), role)),',
        'Frame("stated", stated, (self._open_region(account),)),',
    ),
    (
        "a resource without its account is not tried (3.5)",
        _SPACE,
        ('                Frame("unstated", stated, (self._open_region(account), role)),\n'),
        "",
    ),
    (
        "a role without its account is not tried (3.5)",
        _SPACE,
        ('                Frame("unstated role", (*glob.lower([role]), *glob.lower(asked))),\n'),
        "",
    ),
    (
        "the ARN of a role is not tried",
        _SPACE,
        '            Frame("role", (*glob.lower([role]), *glob.lower(asked))),\n',
        "",
    ),
    (
        "the resource `*` is not tried (3.2)",
        _SPACE,
        '            Frame("any", (glob.text("*"), *asked)),\n',
        "",
    ),
    (
        "a resource of the system is not tried",
        _SPACE,
        'Frame("system", (self._arn("system"), *asked), (self._open_region("system"),)),',
        "",
    ),
    (
        "assuming a role is an ordinary action (5.8)",
        _SPACE,
        "            return wanted, trust\n",
        "            return wanted, []\n",
    ),
    (
        "the current time may be absent",
        _SPACE,
        "return Domain(may_be_absent=key != _TIME)",
        "return Domain()",
    ),
    (
        "a request without a time has none",
        _SPACE,
        "if key == _TIME or (key == _PRINCIPAL and self.asker.has_identity):",
        "if key == _PRINCIPAL and self.asker.has_identity:",
    ),
    (
        "the name of a role is compared with case (3.4)",
        _SPACE,
        'return key == _PRINCIPAL and self.asker.kind == "role"',
        "return False",
    ),
    (
        "a request names a resource group that it must not name",
        _SPACE,
        "return Domain(excepted=self.groups)",
        "return Domain()",
    ),
    (
        "a trust policy admits everyone",
        _SPACE,
        "return (glob.ANYTHING,) if admitted else ()",
        "return (glob.ANYTHING,)",
    ),
    (
        "a pattern with an account is one without (3.5)",
        _STATEMENT,
        "== FIELDS and not fields[_ACCOUNT]",
        "== FIELDS",
    ),
    (
        "a prefix is a whole resource",
        _STATEMENT,
        "yield (*glob.text(one), *glob.ANYTHING)",
        "yield glob.text(one)",
    ),
    (
        "the actions with a wildcard are forgotten",
        _STATEMENT,
        (
            '    for patterns in document["wildcards"].values():\n'
            "        _collect(patterns, actions)\n"
        ),
        "",
    ),
    (
        "only kept Denies may be the reason",
        _ACCESS,
        "        if deny.meaning not in kept:\n",
        "        if deny.meaning in kept:\n",
    ),
    (
        "an open question about an access counts as a proof",
        _ACCESS,
        "    def raise_any(self) -> None:\n        if self._doubt is not None:\n",
        "    def raise_any(self) -> None:\n        if False:\n",
    ),
    (
        "a request that names no group may name one",
        _ACCESS,
        "return dataclasses.replace(space, groups=space.groups | groups), _open(access, None)",
        "return space, _open(access, None)",
    ),
    (
        "a request is in all resource groups",
        _ACCESS,
        "return [way for way in access if way.group is None or way.group == group]",
        "return list(access)",
    ),
    (
        "only the first layer may not allow",
        _ACCESS,
        "    for layer in first.layers:\n",
        "    for layer in first.layers[:1]:\n",
    ),
    (
        "a Deny of one way denies all ways",
        _ACCESS,
        "            others = [way for way in rest if deny not in way.denies]\n",
        "            others: list[Way] = []\n",
    ),
    (
        "an unreadable policy is left out of its layer (5.9)",
        _PROVER_WORLD,
        ("            if statements is None:\n                return None\n            found"),
        ("            if statements is None:\n                continue\n            found"),
    ),
    (
        "control policies bind the management account (5.4)",
        _PROVER_WORLD,
        '            or asker.account == directory["management"]\n',
        "",
    ),
    (
        "control policies bind service-linked roles (5.4)",
        _PROVER_WORLD,
        "            or self._linked(asker) is not None\n",
        "",
    ),
    (
        "the Denies of a level are forgotten (5.4)",
        _PROVER_WORLD,
        "            layers.append(allowing)\n            denies += denying\n",
        "            layers.append(allowing)\n",
    ),
    (
        "the Denies in a resource group are forgotten (5.6)",
        _PROVER_WORLD,
        "Way((*layers, in_group), (*denies, *denying), group)",
        "Way((*layers, in_group), denies, group)",
    ),
    (
        "an unpublished policy allows what it is said to hold (5.6)",
        _PROVER_WORLD,
        "        if scopes is None or self._is_unpublished(asker):\n",
        "        if scopes is None:\n",
    ),
    (
        "the Denies of a trust policy are forgotten (5.8)",
        _PROVER_WORLD,
        "(*way.denies, *denies), way.group",
        "way.denies, way.group",
    ),
    (
        "principals with other resource groups are compared as one",
        _PROVER_WORLD,
        "sorted((name, self._digest(ids)) for name, ids in groups.items()),",
        "sorted(groups),",
    ),
    (
        "principals with other control policies are compared as one",
        _PROVER_WORLD,
        ("                [self._digest(ids) for ids in self._levels(asker, asker.account)],\n"),
        "",
    ),
    (
        "principals that a trust policy tells apart are compared as one",
        _PROVER_WORLD,
        '                ids.append(stored["trust"])\n',
        "                pass\n",
    ),
    (
        "principals that a condition tells apart are compared as one",
        _CHANGES,
        "asker.name if is_named else None",
        "None",
    ),
    (
        "a change of the control policies of a role's account is not seen",
        _CHANGES,
        "len(trusts) == len(levels) == 1",
        "len(trusts) == 1",
    ),
    (
        "a question that was not decided is left out of a comparison",
        _CHANGES,
        "            yield Open(group, str(doubt), doubt.is_final)",
        "            return",
    ),
    (
        "a readable request fails a condition on a time that it does not give",
        _READABLE,
        (
            "        (key not in context and not space.domain(key).may_be_absent)\n"
            "        or is_satisfied("
        ),
        "        is_satisfied(",
    ),
    (
        "a readable request matches a statement that it must not match",
        _READABLE,
        "and not any(glob.matches(space.resources(one, frame), text) for one in rivals)",
        "",
    ),
    (
        "a readable request has another form than the question",
        _READABLE,
        "        and not glob.matches(frame.avoided, text)\n",
        "",
    ),
    (
        "a search takes the steps of the one before",
        _BUDGET,
        "        self._spent = 0\n        if",
        "        if",
    ),
    (
        "the account of a resource may be left out where it must not",
        _SPACE,
        "        if not self.is_stated:\n",
        "        if True:\n",
    ),
)
"""The fault, the file, the text that is replaced, and the text that takes its place."""

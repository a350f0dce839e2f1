package ram.table_test

import data.ram.table

_arn(name) := concat("", ["acs:ram::1234567890123456:", name])

_resource(name) := concat("", ["acs:alikafka:*:1234567890123456:", name])

_decision(effect, policy) := {"allow": effect == "Allow", "effect": effect, "statements": [policy]}

_store := {
	"who": {"1234567890123456": {
		_arn("role/Own"): "1234567890123456/own",
		_arn("role/Reader"): "set:1",
		_arn("user/alice"): "set:1",
		_arn("user/bob"): "set:2",
		_arn("user/gone"): "set:0",
	}},
	"policies": {"1234567890123456/own": {"grants": {"alikafka:send": [3, _resource("orders")]}}},
	"sets": {
		"1234567890123456/own": {"otherwise": "nothing"},
		"set:2": {"actions": {"alikafka:send": "everywhere"}, "rest": "nothing"},
		"set:1": {
			"actions": {
				"alikafka:send": "everywhere",
				"alikafka:delete": "elsewhere",
				"alikafka:acl": "with_acl",
				"alikafka:two": "two",
				"alikafka:hard": null,
			},
			"services": {"alikafka": "reading", "oss": null, "sts": "everywhere"},
			"otherwise": "nothing",
		},
	},
	"entries": {
		"nothing": {"tests": [], "outcomes": {"": _decision("ImplicitDeny", "none")}},
		"everywhere": {"tests": [], "outcomes": {"": _decision("Allow", "everywhere")}},
		"elsewhere": {
			"tests": [["a", ["resource"], ["acs:alikafka:*:prod", "acs:alikafka:*:production"]]],
			"outcomes": {"": _decision("Allow", "elsewhere"), "a": _decision("ExplicitDeny", "elsewhere")},
		},
		"with_acl": {
			"tests": [["a", ["context", "alikafka:Acl"], ["true"]]],
			"outcomes": {"": _decision("ImplicitDeny", "with_acl"), "a": _decision("Allow", "with_acl")},
		},
		"two": {
			"tests": [["a", ["resource"], ["*"]], ["b", ["context", "alikafka:Acl"], ["t*", "*e"]]],
			"outcomes": {"a": _decision("ImplicitDeny", "two"), "ab": _decision("Allow", "two")},
		},
		"reading": {
			"tests": [["a", ["action"], ["alikafka:get*"]]],
			"outcomes": {"": _decision("ImplicitDeny", "reading"), "a": _decision("Allow", "reading")},
		},
	},
}

_asked(principal, action, resource) := {"principal": _arn(principal), "action": action, "resource": resource}

_about(request) := said if {
	said := table.decision(request) with data.store as _store
}

_says(request, effect, policy) if _about(request) == _decision(effect, policy)

_leaves(request) if not _about(request)

test_decision_of_a_listed_action if {
	_says(_asked("user/alice", "alikafka:Send", _resource("orders")), "Allow", "everywhere")
	_says(_asked("user/alice", "ALIKAFKA:SEND", "*"), "Allow", "everywhere")
}

test_decision_by_a_test_of_the_resource if {
	_says(_asked("user/alice", "alikafka:Delete", _resource("orders")), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", _resource("prod")), "ExplicitDeny", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", _resource("production")), "ExplicitDeny", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", "*"), "Allow", "elsewhere")
}

test_decision_by_a_test_of_the_context if {
	asked := _asked("user/alice", "alikafka:Acl", _resource("orders"))
	_says(asked, "ImplicitDeny", "with_acl")
	_says(object.union(asked, {"context": {}}), "ImplicitDeny", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "true"}}), "Allow", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "false"}}), "ImplicitDeny", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "true", "acs:ResourceTag/any": "x"}}), "Allow", "with_acl")
}

test_decision_by_two_tests_of_which_one_has_two_patterns_that_match if {
	asked := _asked("user/alice", "alikafka:Two", _resource("orders"))
	_says(object.union(asked, {"context": {"alikafka:Acl": "true"}}), "Allow", "two")
	_says(object.union(asked, {"context": {"alikafka:Acl": "no"}}), "ImplicitDeny", "two")
}

test_decision_of_a_role_session if {
	every principal in ["assumed-role/Reader/one", "role/Reader/one"] {
		_says(_asked(principal, "alikafka:Send", _resource("orders")), "Allow", "everywhere")
		_leaves(_asked(principal, "alikafka:Hard", _resource("orders")))
		_leaves(_asked(principal, "alikafka:Send", "acs:alikafka:*:6543210987654321:orders"))
	}
	every principal in [
		"assumed-role/Reader", "assumed-role/Reader/one/two", "user/Reader/one", "assumed-role/Reader/", "assumed-role/Nobody/one",
		"assumed-role/Reader/o ne", "assumed-role/reader/one",
	] {
		_leaves(_asked(principal, "alikafka:Send", _resource("orders")))
	}
	_leaves(object.union(
		_asked("user/x", "alikafka:Send", _resource("orders")),
		{"principal": "acs:ram::6543210987654321:assumed-role/Reader/one"},
	))
}

test_decision_of_a_plain_grant if {
	table.decision(_asked("role/Own", "alikafka:Send", _resource("orders"))) == {
		"allow": true,
		"effect": "Allow",
		"reason": "statement_allows",
		"policy_type": "AccountLevelIdentityBasedPolicy",
		"statements": [{"policy": "own", "index": 3}],
	} with data.store as _store
	_leaves(_asked("role/Own", "alikafka:Send", _resource("other")))
	_says(_asked("role/Own", "alikafka:Pull", _resource("orders")), "ImplicitDeny", "none")
}

test_decision_of_an_action_that_no_policy_names if {
	_says(_asked("user/alice", "alikafka:GetTopic", _resource("orders")), "Allow", "reading")
	_says(_asked("user/alice", "alikafka:PutTopic", _resource("orders")), "ImplicitDeny", "reading")
	_says(_asked("user/alice", "ecs:Start", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/bob", "ecs:Start", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/bob", "alikafka:Send", _resource("orders")), "Allow", "everywhere")
}

test_decision_is_left_to_the_general_rule if {
	_leaves(_asked("user/alice", "alikafka:Hard", _resource("orders")))
	_leaves(_asked("user/alice", "oss:GetObject", _resource("orders")))
	_leaves(_asked("user/alice", "sts:AssumeRole", _resource("orders")))
	_leaves(_asked("user/bob", "sts:AssumeRole", _resource("orders")))
	_leaves(_asked("user/gone", "alikafka:Send", _resource("orders")))
	_leaves(_asked("user/nobody", "alikafka:Send", _resource("orders")))
	_leaves(_asked("user/alice", "alikafka:Send", "acs:alikafka:*:6543210987654321:orders"))
}

test_decision_on_assuming_a_role_is_not_what_a_wildcard_says if {
	every action in ["sts:AssumeRole", "STS:TagSession", "sts:SetSourceIdentity"] {
		_leaves(_asked("user/alice", action, "acs:ram::1234567890123456:role/app"))
	}
	_says(_asked("user/alice", "sts:GetCallerIdentity", _resource("orders")), "Allow", "everywhere")
}

test_decision_is_undefined_for_what_cannot_be_read if {
	asked := _asked("user/alice", "alikafka:Send", _resource("orders"))
	_leaves(object.union(asked, {"resource": "ACS:alikafka:*:1234567890123456:orders"}))
	_leaves(object.union(asked, {"resource": "acs:alikafka:*:1234567890123456"}))
	_leaves(object.union(asked, {"resource": ["*"]}))
	_leaves(object.union(asked, {"principal": [_arn("user/alice")]}))

	# `lower` makes a `k` of the sign for kelvin
	_leaves(object.union(asked, {"action": "ali\u212aafka:Send"}))
	_leaves(object.union(asked, {"action": "ali\u212aafka:Send", "resource": "*"}))
	_leaves(object.union(asked, {"action": "ali\u212aafka:Send", "context": {}}))
	_leaves(object.union(asked, {"action": "ali\u212aafka:Get"}))
	_leaves(object.union(_asked("role/Own", "ali\u212aafka:Send", _resource("orders")), {}))
	_leaves(object.union(asked, {"extra": 1}))
	_leaves(object.union(asked, {"session_policies": []}))
	_leaves(object.remove(asked, ["resource"]))
}

test_decision_is_left_for_a_context_that_is_not_plain if {
	every context in [
		null,
		[],
		{"alikafka:Acl": true},
		{"alikafka:Acl": ["true"]},
		{"alikafka:acl": "true"},
		{"acs:PrincipalARN": "acs:ram::1234567890123456:user/alice"},
		{"acs:ResourceGroupId": "rg-1"},
		{"ACS:ResourceGroupId": "rg-1"},
		{sprintf("key-%d", [number]): "x" | some number in numbers.range(0, 50)},
	] {
		_leaves(object.union(_asked("user/alice", "alikafka:Send", _resource("orders")), {"context": context}))
	}
}

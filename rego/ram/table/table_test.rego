package ram.table_test

import data.ram.table

_arn(name) := concat("", ["acs:ram::1234567890123456:", name])

_resource(name) := concat("", ["acs:alikafka:*:1234567890123456:", name])

_decision(effect, policy) := {"allow": effect == "Allow", "effect": effect, "statements": [policy]}

_group := "rg-production"

_store := {
	"who": {"1234567890123456": {
		_arn("role/Own"): "1234567890123456/own",
		_arn("role/Reader"): "set:1",
		_arn("role/reader"): "set:1",
		_arn("user/alice"): "set:1",
		_arn("user/bob"): "set:2",
		_arn("user/carol"): "set:3",
		_arn("user/dave"): "set:4",
		_arn("user/gone"): "set:0",
	}},
	"groups": {"1234567890123456": {
		_arn("user/bob"): {_group: "set:1"},
		_arn("role/Own"): {_group: "set:1"},
	}},
	"accounts": {"1234567890123456": {"roles": {
		"app": {"name": "App", "trust": "1234567890123456/trust:App"},
		"two": {"name": "Two", "trust": "1234567890123456/trust:Two"},
		"strict": {"name": "Strict", "trust": "1234567890123456/trust:Strict"},
		"denying": {"name": "Denying", "trust": "1234567890123456/trust:Denying"},
		"twice": {"name": "Twice", "trust": "1234567890123456/trust:Twice"},
	}}},
	"policies": {
		"1234567890123456/own": {"grants": {"alikafka:send": [3, _resource("orders")]}},
	},
	"trusts": {
		"1234567890123456/trust:App": "app",
		"1234567890123456/trust:Two": "two",
	},
	"consents": {
		"app": {"": [], _arn("user/bob"): [0], _arn("role/reader"): [0], "ecs.aliyuncs.com": [0]},
		"two": {"": [], "acs:ram::1234567890123456:": [0, 2], _arn("user/bob"): null, "ecs.aliyuncs.com": null},
	},
	"keyed": {"set:1": {
		"alikafka:acl": "keyed_acl",
		"alikafka:vpc": "keyed_vpc",
		"alikafka:ip": "keyed_ip",
	}},
	"timed": {"set:1": {
		"alikafka:time": "keyed_time",
		"alikafka:iptime": "keyed_ip_time",
	}},
	"lines": {
		"set:2": {"alikafka:send": "everywhere", "sts:assumerole": null},
		"set:1": {
			"alikafka:send": "everywhere",
			"alikafka:delete": "elsewhere",
			"alikafka:acl": "with_acl",
			"alikafka:two": "two",
			"alikafka:vpc": "two",
			"alikafka:ip": "two",
			"alikafka:time": "two",
			"alikafka:old": "old",
			"alikafka:owned": "owned",
			"alikafka:listed": "listed",
			"alikafka:divided": "divided",
			"ram:find": "ram_find",
			"alikafka:many": "many",
			"ram:get": "ram_get",
			"ram:list": "ram_list",
			"alikafka:hard": null,
		},
	},
	"rest": {"set:2": "nothing"},
	"otherwise": {"1234567890123456/own": "nothing"},
	"patterns": {
		"set:1": {
			"services": {
				"alikafka": {
					"tests": [["alikafka:get*", "alikafka:list*"], ["alikafka:*"]],
					"entries": {"01": "nothing", "11": "elsewhere"},
				},
				"log": {"prefixes": ["log:get", "log:list"], "entries": {"false": "nothing", "true": "elsewhere"}},
				"mns": {"prefixes": [], "entries": {"false": "everywhere"}},
				"fc": {"prefixes": ["fc:get"], "entries": {"false": "nothing", "true": null}},
				"oss": null,
				"sts": null,
			},
			"otherwise": {"tests": [["*:describe*"]], "entries": {"0": "nothing", "1": "everywhere"}},
		},
		"set:3": {
			"services": {"alikafka": {"tests": [["*e"]], "entries": {"0": "nothing"}}, "oss": null, "sts": null},
			"otherwise": {"prefixes": [""], "entries": {"false": "nothing", "true": "everywhere"}},
		},
		"set:4": {"services": {"sts": null}, "otherwise": null},
	},
	"assuming": {
		"1234567890123456/own": "nothing",
		"set:1": "everywhere",
		"set:2": "everywhere",
	},
	"entries": {
		"nothing": {"resource": "**", "true": _decision("ImplicitDeny", "none")},
		"everywhere": {"resource": "**", "true": _decision("Allow", "everywhere")},
		"elsewhere": {
			"resource": "acs:alikafka:**:prod**",
			"false": _decision("Allow", "elsewhere"),
			"true": _decision("ExplicitDeny", "elsewhere"),
		},
		"with_acl": {
			"tests": [["pattern", ["context", "alikafka:Acl"], "^true$"]],
			"outcomes": {"0": _decision("ImplicitDeny", "with_acl"), "1": _decision("Allow", "with_acl")},
		},
		"keyed_acl": {
			"key": "alikafka:Acl",
			"kind": "pattern",
			"listed": "^true$",
			"pattern": "^true$",
			"of_any_resource": "^true$",
			"resource": "**",
			"outcomes": {"1": _both("with_acl")},
		},
		"keyed_vpc": {
			"key": "acs:SourceVpc",
			"kind": "pattern",
			"listed": "^vpc-.*$",
			"pattern": "^vpc-.*$",
			"resource": "acs:alikafka:**:orders",
			"takes_lists": true,
			"outcomes": {"0": _neither("vpc"), "1": _both("vpc")},
		},
		"keyed_ip": {
			"key": "acs:SourceIp",
			"kind": "address",
			"listed": ["10.0.0.0/8", "2001:db8::/32"],
			"resource": "acs:alikafka:**:orders",
			"outcomes": {"0": _neither("ip"), "1": _both("ip")},
		},
		"keyed_ip_time": {
			"key": "acs:SourceIp",
			"kind": "address",
			"listed": ["10.0.0.0/8"],
			"resource": "**",
			"time": [[0, 9223372036854775807]],
			"outcomes": {"1": {"0": {"0": _no, "1": _no}, "1": {"0": _no, "1": _yes}}},
		},
		"keyed_time": {
			"key": "acs:MFAPresent",
			"kind": "pattern",
			"listed": "^true$",
			"resource": "**",
			"time": [[0, 9223372036854775807]],
			"outcomes": {"1": {"0": {"0": _no, "1": _no}, "1": {"0": _no, "1": _yes}}},
		},
		"two": {
			"tests": [["pattern", "resource", ".*"], ["pattern", ["context", "alikafka:Acl"], "^(t.*|.*e)$"]],
			"outcomes": {"10": _decision("ImplicitDeny", "two"), "11": _decision("Allow", "two")},
		},
		"old": {
			"resource": "acs:alikafka:**:orders",
			"false": _decision("ImplicitDeny", "old"),
			"true": _decision("Allow", "old"),
			"needs_account": true,
		},
		"owned": {
			"resource": "acs:alikafka:*:1234567890123456:orders",
			"false": _decision("ImplicitDeny", "owned"),
			"true": _decision("Allow", "owned"),
		},
		"listed": {
			"patterns": [":(a|b)$", ":[b-d]$"],
			"outcomes": {"00": _decision("ImplicitDeny", "listed"), "10": _decision("Allow", "listed"), "11": _decision("ExplicitDeny", "listed")},
		},
		"divided": {"cut": "^acs:[^:]*:[^:]*:[^:]*:(b|)", "entries": {"b": "listed"}},
		"ram_find": {"cut": "^acs:[^:]*:[^:]*:[^:]*:()", "entries": {}, "of_roles": "of_roles_listed"},
		"of_roles_listed": {
			"patterns": ["role/[aA]"],
			"outcomes": {"0": _decision("ImplicitDeny", "found"), "1": _decision("Allow", "found")},
		},
		"ram_get": {
			"tests": [["pattern", "resource", "^acs:ram:[^:]*:[^:]*:role/"]],
			"outcomes": {"0": _decision("ImplicitDeny", "ram")},
			"of_roles": "of_roles",
		},
		"ram_list": {"cut": "^(?:[*]$|acs:[^:]*:[^:]*:[^:]*:())", "entries": {"": "ram_get_alone"}, "of_roles": "two"},
		"ram_get_alone": {
			"patterns": ["^acs:ram:[^:]*:[^:]*:role/"],
			"outcomes": {"0": _decision("ImplicitDeny", "ram")},
		},
		"of_roles": {
			"resource": "acs:ram:*:*:role/[aA]**",
			"false": _decision("ImplicitDeny", "of_roles"),
			"true": _decision("Allow", "of_roles"),
		},
		"many": {
			"cut": "^(?:\\*$|acs:[^:]*:[^:]*:[^:]*:(orders|hard|acl|))",
			"entries": {"orders": "elsewhere", "acl": "two", "hard": null, "": "nothing"},
		},
	},
}

_yes := _decision("Allow", "time")

_no := _decision("ImplicitDeny", "time")

_both(policy) := {"0": _decision("ImplicitDeny", policy), "1": _decision("Allow", policy)}

_neither(policy) := {result: _decision("ImplicitDeny", policy) | some result in ["0", "1"]}

_asked(principal, action, resource) := {"principal": _arn(principal), "action": action, "resource": resource}

_about(request) := said if {
	said := table.decision(request) with data.store as _store
}

_says(request, effect, policy) if _about(request) == _decision(effect, policy)

_leaves(request) if not _about(request)

test_decision_of_an_action_that_a_policy_names if {
	_says(_asked("user/alice", "alikafka:Send", _resource("orders")), "Allow", "everywhere")
	_says(_asked("user/alice", "ALIKAFKA:SEND", "*"), "Allow", "everywhere")
	_says(_asked("user/alice", "alikafka:Send", _resource("a:b:c")), "Allow", "everywhere")
}

test_decision_by_a_test_of_the_resource if {
	_says(_asked("user/alice", "alikafka:Delete", _resource("orders")), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", _resource("prod")), "ExplicitDeny", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", "*"), "Allow", "elsewhere")
	asked := _asked("user/alice", "alikafka:Delete", _resource("prod"))
	_says(object.union(asked, {"context": {"acs:SourceIp": "1.2.3.4"}}), "ExplicitDeny", "elsewhere")
	_says(object.union(asked, {"context": {}}), "ExplicitDeny", "elsewhere")
}

test_decision_by_a_test_of_the_context if {
	asked := _asked("user/alice", "alikafka:Acl", _resource("orders"))
	_says(asked, "ImplicitDeny", "with_acl")
	_says(object.union(asked, {"context": {}}), "ImplicitDeny", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "true"}}), "Allow", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "false"}}), "ImplicitDeny", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "true", "acs:ResourceTag/any": "x"}}), "Allow", "with_acl")
	_says(object.union(asked, {"context": {"alikafka:Acl": "true"}, "resource": "*"}), "Allow", "with_acl")
}

test_decision_by_patterns_of_the_resource if {
	_says(_asked("user/alice", "alikafka:Listed", _resource("a")), "Allow", "listed")
	_says(_asked("user/alice", "alikafka:Listed", _resource("b")), "ExplicitDeny", "listed")
	_says(_asked("user/alice", "alikafka:Listed", _resource("x")), "ImplicitDeny", "listed")
	_says(_asked("user/alice", "alikafka:Listed", "*"), "ImplicitDeny", "listed")

	# the general rule decides this outcome
	_leaves(_asked("user/alice", "alikafka:Listed", _resource("c")))
	_says(_asked("user/alice", "alikafka:Divided", _resource("b")), "ExplicitDeny", "listed")
	_leaves(_asked("user/alice", "alikafka:Divided", _resource("a")))
	_says(_asked("user/alice", "ram:Find", "acs:ram::1234567890123456:role/Admin"), "Allow", "found")
	_says(_asked("user/alice", "ram:Find", "acs:ram::1234567890123456:role/other"), "ImplicitDeny", "found")
	_leaves(_asked("user/alice", "ram:Find", "acs:ram::1234567890123456:user/a"))
}

test_decision_by_two_tests_of_which_one_has_two_patterns_that_match if {
	asked := _asked("user/alice", "alikafka:Two", _resource("orders"))
	_says(asked, "ImplicitDeny", "two")
	_says(object.union(asked, {"context": {"alikafka:Acl": "true"}}), "Allow", "two")
	_says(object.union(asked, {"context": {"alikafka:Acl": "no"}}), "ImplicitDeny", "two")
}

test_decision_of_a_role_session if {
	every principal in ["assumed-role/Reader/one", "role/Reader/one", "assumed-role/reader/one"] {
		asked := _asked(principal, "alikafka:Send", _resource("orders"))
		_says(asked, "Allow", "everywhere")
		_says(object.union(asked, {"context": {"acs:SourceIp": "1.2.3.4"}}), "Allow", "everywhere")
		_says(object.union(asked, {"action": "alikafka:Two"}), "ImplicitDeny", "two")
		_leaves(object.union(asked, {"resource": "*"}))
		_leaves(_asked(principal, "alikafka:Hard", _resource("orders")))
		_leaves(_asked(principal, "alikafka:Send", "acs:alikafka:*:6543210987654321:orders"))
	}
	every principal in [
		"assumed-role/Reader", "assumed-role/Reader/one/two", "user/Reader/one", "assumed-role/Reader/", "assumed-role/Nobody/one",
		"assumed-role/Reader/o ne", "assumed-role/READER/one",
	] {
		_leaves(_asked(principal, "alikafka:Send", _resource("orders")))
	}
	_leaves(object.union(
		_asked("user/x", "alikafka:Send", _resource("orders")),
		{"principal": "acs:ram::6543210987654321:assumed-role/Reader/one"},
	))
}

test_decision_of_a_plain_grant if {
	every request in [
		_asked("role/Own", "alikafka:Send", _resource("orders")),
		_asked("assumed-role/Own/one", "alikafka:Send", _resource("orders")),
		object.union(_asked("role/Own", "alikafka:Send", _resource("orders")), {"context": {"acs:SourceIp": "1.2.3.4"}}),
	] {
		_about(request) == {
			"allow": true,
			"effect": "Allow",
			"reason": "statement_allows",
			"policy_type": "AccountLevelIdentityBasedPolicy",
			"statements": [{"policy": "own", "index": 3}],
		}
	}
	table.decision(_asked("role/Own", "alikafka:Send", _resource("other"))) == {
		"allow": false,
		"effect": "ImplicitDeny",
		"reason": "no_statement_matches",
		"policy_type": "AccountLevelIdentityBasedPolicy",
		"statements": [],
	} with data.store as _store
	_says(_asked("role/Own", "alikafka:Pull", _resource("orders")), "ImplicitDeny", "none")
}

test_decision_of_an_action_that_no_policy_names if {
	_says(_asked("user/alice", "alikafka:GetTopic", _resource("orders")), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:ListTopic", _resource("prod")), "ExplicitDeny", "elsewhere")
	_says(_asked("user/alice", "alikafka:PutTopic", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/alice", "ecs:Start", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/alice", "ecs:DescribeOne", _resource("orders")), "Allow", "everywhere")
	_says(_asked("user/bob", "ecs:Start", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/bob", "alikafka:Send", _resource("orders")), "Allow", "everywhere")
}

test_decision_of_an_action_that_is_known_by_its_prefix if {
	_says(_asked("user/alice", "log:GetProject", _resource("orders")), "Allow", "elsewhere")
	_says(_asked("user/alice", "LOG:LIST", _resource("prod")), "ExplicitDeny", "elsewhere")
	_says(_asked("user/alice", "log:ge", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/alice", "log:PutGet", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/alice", "mns:Any", _resource("orders")), "Allow", "everywhere")
	_says(_asked("user/alice", "fc:Put", _resource("orders")), "ImplicitDeny", "none")
	_says(_asked("user/carol", "ecs:Start", _resource("orders")), "Allow", "everywhere")
	_says(_asked("user/carol", "alikafka:Start", _resource("orders")), "ImplicitDeny", "none")
}

test_decision_of_an_action_is_left_to_the_general_rule if {
	_leaves(_asked("user/alice", "fc:GetService", _resource("orders")))
	_leaves(_asked("user/alice", "oss:GetObject", _resource("orders")))
	_leaves(_asked("user/alice", "oss:DescribeObject", _resource("orders")))
	_leaves(_asked("user/carol", "oss:GetObject", _resource("orders")))
	_leaves(_asked("user/carol", "alikafka:Come", _resource("orders")))
	_leaves(_asked("user/carol", "sts:GetCallerIdentity", _resource("orders")))
	_leaves(_asked("user/dave", "ecs:Start", _resource("orders")))
	_leaves(_asked("user/dave", "sts:GetCallerIdentity", _resource("orders")))
}

test_decision_in_a_resource_group if {
	asked := object.union(_asked("user/bob", "alikafka:Delete", _resource("orders")), {"context": {"acs:ResourceGroupId": _group}})
	_says(asked, "Allow", "elsewhere")
	_says(object.union(asked, {"context": {"acs:SourceIp": "1.2.3.4"}}), "Allow", "elsewhere")
	_says(object.union(asked, {"context": {"acs:CurrentTime": "2026-01-01T00:00:00Z"}}), "Allow", "elsewhere")
	_says(object.union(asked, {"principal": _arn("role/Own")}), "Allow", "elsewhere")
	_leaves(object.union(asked, {"principal": _arn("assumed-role/Own/one")}))
	_leaves(object.union(asked, {"resource": "*"}))
	every context in [
		{"acs:ResourceGroupId": "rg-other"}, {"acs:ResourceGroupId": ["rg-production"]}, {"acs:ResourceGroupId": _group, "acs:sourceip": "x"},
		{"acs:ResourceGroupId": _group, "acs:PrincipalARN": _arn("user/bob")}, {"acs:resourcegroupid": _group},
	] {
		_leaves(json.patch(asked, [{"op": "replace", "path": "context", "value": context}]))
	}
	_leaves(object.union(asked, {"principal": _arn("user/alice")}))
	_leaves(object.union(asked, {"resource": "acs:alikafka:*:6543210987654321:orders"}))
	_leaves(object.union(asked, {"action": "alikafka:"}))
}

_trusting(principal, action, role) := {
	"principal": principal,
	"action": action,
	"resource": concat("", ["acs:ram::1234567890123456:role/", role]),
}

_by_trust(request, effect, reason, statements) if {
	_about(request) == {
		"allow": effect == "Allow",
		"effect": effect,
		"reason": reason,
		"policy_type": "AssumeRolePolicy",
		"statements": statements,
	}
}

_app := [{"policy": "trust:App", "index": 0}]

test_decision_on_assuming_a_role if {
	_by_trust(_trusting(_arn("user/bob"), "sts:AssumeRole", "app"), "Allow", "statement_allows", _app)
	_by_trust(_trusting(_arn("user/bob"), "sts:AssumeRole", "APP"), "Allow", "statement_allows", _app)
	_by_trust(_trusting(_arn("role/reader"), "sts:AssumeRole", "app"), "Allow", "statement_allows", _app)
	_by_trust(_trusting(_arn("user/alice"), "sts:AssumeRole", "app"), "ImplicitDeny", "no_statement_matches", [])
	_by_trust(_trusting(_arn("user/alice"), "sts:AssumeRole", "two"), "Allow", "statement_allows", [{"policy": "trust:Two", "index": 0}, {"policy": "trust:Two", "index": 2}])
	_by_trust(_trusting("ecs.aliyuncs.com", "sts:AssumeRole", "app"), "Allow", "statement_allows", _app)
	_by_trust(_trusting("oss.aliyuncs.com", "sts:AssumeRole", "app"), "ImplicitDeny", "no_statement_matches", [])
	_by_trust(_trusting("oss.aliyuncs.com", "sts:AssumeRole", "two"), "ImplicitDeny", "no_statement_matches", [])
	with_account := _trusting("1234567890123456@ecs.aliyuncs.com", "sts:AssumeRole", "app")
	_by_trust(with_account, "ImplicitDeny", "no_statement_matches", [])
}

test_decision_on_assuming_a_role_is_left_to_the_general_rule if {
	# a statement of the trust policy denies or has conditions, or there is no such role
	every role in ["two", "strict", "nobody"] {
		_leaves(_trusting(_arn("user/bob"), "sts:AssumeRole", role))
		_leaves(_trusting("ecs.aliyuncs.com", "sts:AssumeRole", role))
	}
	every principal in [_arn("user/bob"), "ecs.aliyuncs.com"] {
		_leaves(_trusting(principal, "sts:TagSession", "app"))
		_leaves(_trusting(principal, "sts:assumerole", "app"))
		_leaves(_trusting(principal, "sts:AssumeRole", "app/one"))
		_leaves(object.union(_trusting(principal, "sts:AssumeRole", "app"), {"context": {}}))
		_leaves(object.union(_trusting(principal, "sts:AssumeRole", "app"), {"resource": "*"}))
		_leaves(object.union(_trusting(principal, "sts:AssumeRole", "app"), {"resource": "acs:ram::6543210987654321:role/app"}))
	}

	# the identity policies do not allow it, or do not mention it; the role's name has another spelling
	_leaves(_trusting(_arn("role/Own"), "sts:AssumeRole", "app"))
	_leaves(_trusting(_arn("role/Reader"), "sts:AssumeRole", "app"))
	_leaves(_trusting(_arn("user/gone"), "sts:AssumeRole", "app"))
	_leaves(_trusting("ecs.aliyuncs.com:root", "sts:AssumeRole", "app"))
	_leaves(_trusting("123456789012345@ecs.aliyuncs.com", "sts:AssumeRole", "app"))
	_leaves(_trusting(_arn("assumed-role/Reader/one"), "sts:AssumeRole", "app"))
	_leaves(_trusting("", "sts:AssumeRole", "app"))
}

test_decision_on_assuming_a_role_is_not_what_a_wildcard_says if {
	every action in ["sts:AssumeRole", "STS:TagSession", "sts:SetSourceIdentity"] {
		every principal in ["user/alice", "user/bob", "role/Own", "assumed-role/Reader/one"] {
			_leaves(_asked(principal, action, "acs:ecs::1234567890123456:instance/one"))
			_leaves(_asked(principal, action, "*"))
			_leaves(_trusting(_arn(principal), action, "nobody"))
		}
	}
}

test_decision_is_left_to_the_general_rule if {
	_leaves(_asked("user/alice", "alikafka:Hard", _resource("orders")))
	_leaves(_asked("user/alice", "oss:GetObject", _resource("orders")))
	_leaves(_asked("user/gone", "alikafka:Send", _resource("orders")))
	_leaves(_asked("user/nobody", "alikafka:Send", _resource("orders")))
	_leaves(_asked("user/alice", "alikafka:Send", "acs:alikafka:*:6543210987654321:orders"))
	_leaves(object.union(
		_asked("user/alice", "alikafka:Send", "acs:alikafka:*:6543210987654321:orders"),
		{"context": {"alikafka:Acl": "true"}},
	))
}

test_decision_is_undefined_for_what_cannot_be_read if {
	asked := _asked("user/alice", "alikafka:Send", _resource("orders"))
	_leaves(object.union(asked, {"resource": "ACS:alikafka:*:1234567890123456:orders"}))
	_leaves(object.union(asked, {"resource": "acs:alikafka:*:1234567890123456"}))
	_leaves(object.union(asked, {"resource": ["*"]}))
	_leaves(object.union(asked, {"principal": [_arn("user/alice")]}))
	_leaves(object.union(asked, {"principal": 1, "resource": "*"}))

	# `lower` makes a `k` of the sign for kelvin
	every context in [{}, {"alikafka:Acl": "true"}, {"acs:ResourceGroupId": _group}] {
		every principal in ["user/alice", "assumed-role/Reader/one", "user/bob"] {
			every resource in ["*", _resource("orders")] {
				kelvin := _asked(principal, "ali\u212aafka:Send", resource)
				_leaves(kelvin)
				_leaves(object.union(kelvin, {"context": context}))
				_leaves(object.union(kelvin, {"action": "ali\u212aafka:Get"}))
			}
		}
	}
	_leaves(_asked("role/Own", "ali\u212aafka:Send", _resource("orders")))
	every context in [{}, {"alikafka:Acl": "true"}] {
		asking := object.union(asked, {"context": context})
		_leaves(object.union(asking, {"resource": "ACS:alikafka:*:1234567890123456:orders"}))
		_leaves(object.union(asking, {"resource": "acs:alikafka:*:1234567890123456"}))
		_leaves(object.union(asking, {"extra": 1}))
	}
	_leaves(object.union(asked, {"extra": 1}))
	_leaves(object.union(asked, {"session_policies": []}))
	_leaves(object.remove(asked, ["resource"]))
}

test_decision_is_left_for_a_context_that_is_not_plain if {
	every context in [
		null,
		[],
		["alikafka:Acl"],
		"",
		{"alikafka:Acl": true},
		{"alikafka:acl": "true"},
		{"acs:PrincipalARN": "acs:ram::1234567890123456:user/alice"},
		{"acs:ResourceTag": "x"},
		{"alikafka:Other": "x"},
		{"acs:ResourceGroupId": "rg-1"},
		{"ACS:ResourceGroupId": "rg-1"},
		{sprintf("key-%d", [number]): "x" | some number in numbers.range(0, 50)},
	] {
		every action in ["alikafka:Send", "alikafka:Acl", "alikafka:Two", "alikafka:Get"] {
			every resource in ["*", _resource("orders")] {
				_leaves(object.union(_asked("user/alice", action, resource), {"context": context}))
			}
		}
	}
}

_long := replace(sprintf("%05000d", [0]), "0", "x")

_of_length(start, length) := concat("", [start, substring(_long, 0, length - count(start))])

# A limit is checked in each body: whatever a table decides at the limit, it leaves one character above it.
test_a_request_above_a_limit_is_left_to_the_general_rule_cases if {
	contexts := [
		null, {"alikafka:Acl": "true"}, {"acs:SourceIp": "1.2.3.4"}, {},
		{"acs:ResourceGroupId": _group},
	]
	count(contexts) > 0
	every context in contexts {
		every principal in ["user/alice", "user/bob", "role/Own", "assumed-role/Reader/one"] {
			every action in ["alikafka:Acl", "alikafka:Send", "alikafka:Get"] {
				rest := {"context": context | context != null}
				_leaves(object.union(_asked(principal, action, _of_length(_resource("o"), 2049)), rest))
				_leaves(object.union(_asked(principal, _of_length(action, 2049), _resource("o")), rest))
				_leaves(object.union(_asked(principal, _of_length(action, 2049), "*"), rest))
			}
		}
	}
}

test_a_request_at_a_limit_is_decided if {
	asked := _asked("user/alice", "alikafka:Send", _of_length(_resource("o"), 2048))
	_says(asked, "Allow", "everywhere")
	_says(object.union(asked, {"context": {"acs:SourceIp": "1.2.3.4"}}), "Allow", "everywhere")
	_says(object.union(asked, {"action": _of_length("alikafka:Get", 2048)}), "Allow", "elsewhere")
	acl := object.union(asked, {"action": "alikafka:Acl"})
	_says(object.union(acl, {"context": {"alikafka:Acl": "true"}}), "Allow", "with_acl")
	_says(object.union(acl, {"context": {"alikafka:Acl": _of_length("", 2048)}}), "ImplicitDeny", "with_acl")
	_leaves(object.union(acl, {"context": {"alikafka:Acl": _of_length("", 2049)}}))
	_says(object.union(acl, {"context": {"alikafka:Acl": "true", "k": _of_length("", 2044)}}), "Allow", "with_acl")
	_leaves(object.union(acl, {"context": {"alikafka:Acl": "true", "k": _of_length("", 2049)}}))
	_says(object.union(acl, {"context": {"alikafka:Acl": "true", _of_length("", 256): ""}}), "Allow", "with_acl")
	_leaves(object.union(acl, {"context": {"alikafka:Acl": "true", _of_length("", 257): ""}}))
	vpc := object.union(asked, {"action": "alikafka:Vpc", "resource": _resource("orders")})
	_says(object.union(vpc, {"context": {"acs:SourceVpc": [_of_length("vpc-", 2048)]}}), "Allow", "vpc")
	_leaves(object.union(vpc, {"context": {"acs:SourceVpc": [_of_length("vpc-", 2048), "x"]}}))
	_says(object.union(vpc, {"context": {"acs:SourceVpc": ["vpc-" | some _ in numbers.range(1, 100)]}}), "Allow", "vpc")
	_leaves(object.union(vpc, {"context": {"acs:SourceVpc": ["vpc-" | some _ in numbers.range(1, 101)]}}))
	unstated := object.union(asked, {"resource": _of_length("acs:alikafka:*::o", 2000)})
	_says(unstated, "Allow", "everywhere")
	_leaves(object.union(asked, {"resource": _of_length("acs:alikafka:*::o", 2001)}))
	wide := {sprintf("key-%d", [number]): "x" | some number in numbers.range(1, 50)}
	_leaves(object.union(asked, {"context": object.union(wide, {"acs:ResourceGroupId": _group})}))
}

test_a_service_above_the_limit_is_left_to_the_general_rule if {
	long := concat(".", [_of_length("", 2035), "aliyuncs.com"])
	count(long) == 2048
	asked := _trusting(long, "sts:AssumeRole", "App")
	_about(asked).reason == "no_statement_matches"
	_leaves(object.union(asked, {"principal": concat("", ["x", long])}))
}

_with(request, context) := object.union(object.remove(request, ["context"]), {"context": context})

test_decision_by_one_key_and_the_resource if {
	asked := _asked("user/alice", "alikafka:Vpc", _resource("orders"))
	_says(_with(asked, {"acs:SourceVpc": "vpc-1"}), "Allow", "vpc")
	_says(_with(asked, {"acs:SourceVpc": "net-1"}), "ImplicitDeny", "vpc")
	_says(_with(asked, {"acs:SourceVpc": "vpc-1", "app:Version": "7", "acs:ResourceTag/a": "b", "acs:SourceIp": "x"}), "Allow", "vpc")
	_says(_with(object.union(asked, {"resource": _resource("other")}), {"acs:SourceVpc": "vpc-1"}), "ImplicitDeny", "vpc")
	_says(_with(object.union(asked, {"resource": "*"}), {"acs:SourceVpc": "vpc-1"}), "ImplicitDeny", "vpc")
	_leaves(_with(asked, {"acs:SourceVpc": true}))
	_leaves(_with(asked, {"acs:SourceVpc": "vpc-1", "acs:sourceip": "x"}))
	_leaves(_with(asked, {"acs:SourceVpc": "vpc-1", "acs:ResourceGroupId": "rg-1"}))
	_leaves(_with(asked, {"acs:SourceVpc": "vpc-1", "acs:SourceIp": 1}))
}

test_decision_by_a_list_of_which_one_element_passes if {
	asked := _asked("user/alice", "alikafka:Vpc", _resource("orders"))
	_says(_with(asked, {"acs:SourceVpc": ["net-1", "vpc-1"]}), "Allow", "vpc")
	_says(_with(asked, {"acs:SourceVpc": ["net-1", "net-2"]}), "ImplicitDeny", "vpc")
	_leaves(_with(asked, {"acs:SourceVpc": []}))
	_leaves(_with(asked, {"acs:SourceVpc": ["vpc-1", 1]}))
	_leaves(_with(asked, {"acs:SourceVpc": ["vpc-1"], "app:Version": "7"}))

	# of an address, each element must be one
	_leaves(_with(_asked("user/alice", "alikafka:Ip", _resource("orders")), {"acs:SourceIp": ["10.0.0.1"]}))
}

test_decision_by_an_address if {
	asked := _asked("user/alice", "alikafka:Ip", _resource("orders"))
	every text in ["10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3"] {
		_says(_with(asked, {"acs:SourceIp": text}), "Allow", "ip")
		_says(_with(object.union(asked, {"resource": _resource("other")}), {"acs:SourceIp": text}), "ImplicitDeny", "ip")
	}
	every text in ["192.168.1.1", "10.0.0.0/8", "10.1.2", "", "2001:db9::1", "10.1.2.3 "] {
		_says(_with(asked, {"acs:SourceIp": text}), "ImplicitDeny", "ip")
	}

	# beside another key, the entry's general form tests it
	_says(_with(asked, {"acs:SourceIp": "10.1.2.3", "app:Version": "7"}), "ImplicitDeny", "two")
	_leaves(_with(asked, {"acs:SourceIp": 1}))
	_leaves(_with(asked, {"acs:SourceIp": _of_length("", 2049)}))
}

test_decision_by_a_key_and_the_time if {
	asked := _asked("user/alice", "alikafka:Time", _resource("orders"))
	_says(_with(asked, {"acs:MFAPresent": "true"}), "Allow", "time")
	_says(_with(asked, {"acs:MFAPresent": "true"}), "Allow", "time")
	_says(_with(asked, {"acs:MFAPresent": "false"}), "ImplicitDeny", "time")
	_says(_with(asked, {"acs:MFAPresent": "true", "acs:CurrentTime": "2026-01-01T00:00:00Z"}), "Allow", "time")
	_says(_with(asked, {"acs:MFAPresent": "true", "acs:CurrentTime": "1926-01-01T00:00:00Z"}), "ImplicitDeny", "time")
	_says(_with(asked, {"acs:MFAPresent": "true", "acs:CurrentTime": "soon"}), "ImplicitDeny", "time")
	every time in [1, ["2026-01-01T00:00:00Z"], [], _of_length("", 2049)] {
		_leaves(_with(asked, {"acs:MFAPresent": "true", "acs:CurrentTime": time}))
	}
	_leaves(_with(asked, {"acs:MFAPresent": ["true"]}))

	# an empty text is no time: the entry's general form tests it
	_says(_with(asked, {"acs:MFAPresent": "true", "acs:CurrentTime": ""}), "ImplicitDeny", "two")
}

test_decision_by_an_address_and_the_time if {
	every resource in ["*", _resource("orders")] {
		asked := _asked("user/alice", "alikafka:IpTime", resource)
		_says(_with(asked, {"acs:SourceIp": "10.1.2.3"}), "Allow", "time")
		_says(_with(asked, {"acs:SourceIp": "11.1.2.3"}), "ImplicitDeny", "time")
		_says(_with(asked, {"acs:SourceIp": "10.1.2.3", "acs:CurrentTime": "1926-01-01T00:00:00Z"}), "ImplicitDeny", "time")
	}
}

test_decision_on_a_resource_without_its_account if {
	every resource in ["acs:alikafka:*:*:orders", "acs:alikafka:cn::orders", "acs:alikafka:::orders"] {
		_says(_asked("user/alice", "alikafka:Delete", resource), "Allow", "elsewhere")
		_says(_asked("user/alice", "alikafka:Many", resource), "Allow", "elsewhere")

		# a statement names an empty account, and would match
		_leaves(_asked("user/alice", "alikafka:Old", resource))
		_leaves(_with(_asked("user/alice", "alikafka:Old", resource), {"acs:SourceIp": "1.2.3.4"}))
		_says(_with(_asked("user/alice", "alikafka:Delete", resource), {"acs:SourceIp": "1.2.3.4"}), "Allow", "elsewhere")
		_leaves(_asked("assumed-role/Reader/one", "alikafka:Delete", resource))
	}
	_says(_asked("user/alice", "alikafka:Old", _resource("orders")), "Allow", "old")
	_about(_asked("role/Own", "alikafka:Send", "acs:alikafka:*:*:other")).reason == "no_statement_matches"
	_says(_asked("user/alice", "alikafka:Delete", "acs:ram::*:role/reader"), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:*:a:b"), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:*:prod:b"), "ExplicitDeny", "elsewhere")
	_leaves(_asked("user/alice", "alikafka:", "acs:alikafka:*:*:orders"))
	_leaves(_asked("user/alice", "alikafka:", "acs:alikafka:*:*:a:b"))
	_leaves(_asked("user/nobody", "alikafka:Delete", "acs:alikafka:*:*:orders"))
	_leaves(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:"))
	_leaves(object.union(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:*:a:b"), {"session_policies": []}))
	every context in [null, "x", ["x"], {"acs:SourceIp": 1}, {"acs:ResourceGroupId": "rg-1"}] {
		_leaves(_with(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:*:orders"), context))
	}
}

test_the_account_of_alibaba_cloud_is_not_the_principals if {
	_says(_asked("user/alice", "alikafka:Owned", "acs:alikafka:cn:*:orders"), "Allow", "owned")
	_says(_asked("user/alice", "alikafka:Owned", "acs:alikafka:cn:system:orders"), "ImplicitDeny", "owned")
	_says(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:system:orders"), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Old", "acs:alikafka:*:system:orders"), "Allow", "old")
}

test_decision_on_a_resource_of_another_account if {
	asked := _asked("user/alice", "alikafka:Delete", "acs:alikafka:*:6543210987654321:prod")
	_says(asked, "ExplicitDeny", "elsewhere")
	_says(_asked("role/Own", "alikafka:Delete", "acs:alikafka:*:other:orders"), "ImplicitDeny", "none")
	_leaves(_asked("user/alice", "alikafka:Delete", "acs:alikafka:*:6543210987654321:orders"))

	# control policies may bind that account
	with_levels := object.union(_store, {"directory": {"levels": {"6543210987654321": []}}})
	not table.decision(asked) with data.store as with_levels
}

test_decision_by_an_index if {
	_says(_asked("user/alice", "alikafka:Many", _resource("orders")), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Many", _resource("orders-2")), "Allow", "elsewhere")
	_says(_asked("user/alice", "alikafka:Many", _resource("acl")), "ImplicitDeny", "two")
	_says(_with(_asked("user/alice", "alikafka:Many", _resource("acl")), {"alikafka:Acl": "true"}), "Allow", "two")
	_says(_asked("user/alice", "alikafka:Many", _resource("any")), "ImplicitDeny", "none")
	_says(_asked("user/alice", "alikafka:Many", "*"), "ImplicitDeny", "none")
	_leaves(_asked("user/alice", "alikafka:Many", _resource("hard")))
}

test_decision_about_a_role if {
	role := "acs:ram::1234567890123456:role/"
	_says(_asked("user/alice", "ram:Get", concat("", [role, "App"])), "Allow", "of_roles")
	_says(_asked("user/alice", "ram:Get", "acs:ram:*:1234567890123456:role/app"), "Allow", "of_roles")
	_says(_asked("user/alice", "ram:Get", concat("", [role, "b"])), "ImplicitDeny", "of_roles")
	_says(_asked("user/alice", "ram:List", concat("", [role, "b"])), "ImplicitDeny", "two")
	_says(_asked("user/alice", "ram:Get", "acs:ram::1234567890123456:policy/a"), "ImplicitDeny", "ram")
	_says(_asked("user/alice", "ram:Get", "*"), "ImplicitDeny", "ram")

	# not a role's ARN
	_leaves(_asked("user/alice", "ram:Get", concat("", [role, "a/b"])))
	_leaves(_asked("user/alice", "ram:Get", "acs:ram:cn:1234567890123456:role/a"))
	_says(_asked("user/alice", "ram:Get", "acs:ram::*:role/a"), "Allow", "of_roles")
}

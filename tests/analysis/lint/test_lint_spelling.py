from __future__ import annotations

import pytest

from ramgate.analysis.lint.spelling import knows, mended
from ramgate.catalog import actions


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("ecs", "AutherizeSecurityGroup", "AuthorizeSecurityGroup"),
        ("ecs", "Decribe*", "Describe*"),
        ("ecs", "DescribeInstances", ""),
        ("ecs", "Describe*", ""),
        ("ecs", "describe-instances", "DescribeInstances"),
        ("ecs", "DescribeInstance", "DescribeInstances"),
        ("alikafka", "ListTopics", "ListTopic"),
        # both words are words: it may be an action that the catalog does not have
        ("ecs", "DescribeTopics", ""),
        ("vpc", "DescribeIpv4Gateways", ""),
        # two misspelt words, and a short one, are too far
        ("ecs", "AutherizeSekurityGroup", ""),
        ("ecs", "StopXyz", ""),
        # the word is strange, but nothing is near
        ("ecs", "FrobnicateInstance", ""),
        # only an operation, of which no page says how RAM checks it
        ("cs", "GrantPermission", ""),
    ],
)
def test_a_name_is_mended_if_one_word_of_it_is_strange(code: str, name: str, expected: str) -> None:
    service = actions.service(code)
    assert service is not None
    assert mended(service, name) == expected


def test_a_service_knows_its_actions_and_operations_by_name_and_by_pattern() -> None:
    kafka = actions.service("alikafka")
    assert kafka is not None
    known = ["ListTopic", "listtopic", "GetTopicList", "List*", "*"]
    assert [name for name in [*known, "ListTopics", "Foo*"] if knows(kafka, name)] == known

from __future__ import annotations

import msgspec
import pytest

from ramgate.model.hint import OnlyResourceDiffers
from ramgate.model.resource_text import difference
from sample_explanations import ONLY_RESOURCE

LOG = "acs:log:cn-hangzhou:*:project/shop/logstore/*"


@pytest.mark.parametrize(
    ("pattern", "field", "wanted", "given", "text"),
    [
        ("acs:oss", None, None, None, "allows it on `acs:oss`, which no resource matches"),
        (
            LOG,
            "region",
            "cn-hangzhou",
            "cn-beijing",
            "allows it in region `cn-hangzhou`, not in `cn-beijing`",
        ),
        (LOG, "account", "1", "2", "allows it in account `1`, not in `2`"),
        (
            "acs:oss:*:*:b",
            "relative_id",
            "b",
            "b/x",
            "allows it on bucket `b`, not on object `b/x`",
        ),
        (
            "acs:oss:*:*:b/x",
            "relative_id",
            "b/x",
            "b",
            "allows it on object `b/x`, not on bucket `b`",
        ),
        (
            "acs:oss:*:*:b/x/",
            "relative_id",
            "b/x/",
            "b/x",
            "allows it on `b/x/`, not on `b/x`: only a slash differs",
        ),
        (
            LOG,
            "relative_id",
            "project/shop/logstore/*",
            "project/store/logstore/a/b",
            ("allows it on `project/shop/…`, not on `project/store/…`"),
        ),
        (
            LOG,
            "relative_id",
            "project/shop",
            "project/shop/logstore/a",
            ("allows it on `…/shop`, not on `…/shop/logstore/a`"),
        ),
        (
            LOG,
            "relative_id",
            "project/s?op/logstore/[a]",
            "project/shop",
            "allows it on `project/s?op/logstore/[a]`, not on `project/shop`",
        ),
    ],
)
def test_the_difference_is_named(
    pattern: str, field: str | None, wanted: str | None, given: str | None, text: str
) -> None:
    found = ONLY_RESOURCE | {
        "pattern": pattern,
        "field": field,
        "wanted": wanted,
        "given": given,
    }
    assert difference(msgspec.convert(found, OnlyResourceDiffers)) == text

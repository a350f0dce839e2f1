"""A fake of Alibaba Cloud's identity products for the unmodified SDKs, on loopback.

It answers RAM 2015-05-01, ResourceManager 2020-03-31, ResourceDirectoryMaster 2022-04-19, IMS
2019-08-15 and GetCallerIdentity of Sts 2015-04-01 on one port. Every signature is checked. A test
builds its accounts through the API, then reads them::

    from alicloud.cloud import FakeCloud
    from alicloud.sdk import Sdk

    with FakeCloud() as cloud:                    # the account 1234567890123456
        sdk = Sdk(cloud)                          # signs with cloud.owner
        sdk.ram("CreateUser", user_name="alice")
        sdk.ram("CreatePolicy", policy_name="readers", policy_document="{…}")
        sdk.ram(
            "AttachPolicyToUser", user_name="alice", policy_name="readers", policy_type="Custom"
        )
        sdk.resource_manager("ListPolicyAttachments")["PolicyAttachments"]
        run_the_importer(cloud.endpoint, "http", cloud.owner.id, cloud.owner.secret)
        assert cloud.count("ListPolicyAttachments") == 2

Keys: `cloud.key(user="alice", allowed={"ram:ListUsers"})` gives a key of a user who may do these
RAM actions only; `role="App"` gives one of a session, with `key.token`. `cloud.add_account(number)`
adds another account; the directory's CreateResourceAccount does so too, and `cloud.key(number)`
gives its key. `key.environment` has the variables of a key for a new process.

Faults: `cloud.faults` has `refuse`, `throttle`, `fail` (5xx), `cut`, `drop`, `garble`, `slow`,
`hold`, and `before`, which runs a callback before an answer is made: between two pages, or between
a list and a get. `cloud.world.clock` may be set to a clock that is off.

The log: `cloud.calls` has every call with its parameters, `cloud.count(operation)` counts them, and
`cloud.most_at_once` is the greatest number of calls at the same time.

Where the facts are silent, the fake is strict: a parameter that an operation does not implement is
an error, `UnsupportedParameter`, and so is a page size above the maximum.
"""

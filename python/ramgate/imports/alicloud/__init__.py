"""Read an account and its Resource Directory through Alibaba Cloud's own SDKs.

`calls` has every call that this room can make. `reader` reads; it needs the extra
`ramgate[alicloud]`.
"""

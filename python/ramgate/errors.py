"""The errors: one base, and one class for each party at fault.

    RamgateError
    ├── InvalidPolicy      a RAM policy document has faults; `faults` lists all of them
    ├── InvalidFiles       accounts or catalog files have faults; `faults` lists all of them
    │   └── UnreadableFiles   and at least one of the files could not be read
    ├── InvalidRequest     the request is malformed; `errors` names each field at fault
    ├── AccessDenied       the decision is a denial; see `decision` (also a PermissionError)
    ├── FeatureDenied      a feature cannot be used; see `answer` (also a PermissionError)
    ├── TransportError     OPA is unreachable or late, or the connection broke off
    ├── AnswerError        OPA answered, but not with a clean decision
    ├── CloudError         an account cannot be read from Alibaba Cloud
    ├── EditError          an accounts file was left unchanged: the edit does not fit it
    ├── PublishError       a bundle cannot be published to a target
    ├── OpaUnavailable     no OPA that fits was found, downloaded or built
    └── SidecarError       an OPA did not start, or stopped by itself

No error ever stands for an allow: a request that cannot be decided raises. The two denials are
defined in `ramgate.model.denials`, with the values that they carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.faults import Fault

__all__ = [
    "AnswerError",
    "CloudError",
    "EditError",
    "InvalidFiles",
    "InvalidPolicy",
    "InvalidRequest",
    "OpaUnavailable",
    "PublishError",
    "RamgateError",
    "SidecarError",
    "TransportError",
    "UnreadableFiles",
]


class RamgateError(Exception):
    """The base class of every error that ramgate raises on purpose.

    Catch it where any failure must deny:

    >>> from ramgate import Client, RamgateError
    >>> def may_list(principal, instance):
    ...     try:
    ...         with Client("http://127.0.0.1:1") as client:
    ...             return client.decide(principal, "alikafka:ListTopic", instance).allow
    ...     except RamgateError:
    ...         return False
    >>> may_list(
    ...     "acs:ram::1234567890123456:user/alice",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ... )
    False
    """


class _FaultyError(RamgateError):
    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.faults,), self.__dict__


class InvalidPolicy(_FaultyError):
    """A RAM policy document has faults, so no part of it is used.

    `faults` is a tuple of every `Fault`, in the order of the document, never empty. The text has
    one line for each.

    >>> from ramgate import InvalidPolicy, translate
    >>> statement = {"Effect": "allow", "Action": "alikafka:ListTopic", "Resource": "*"}
    >>> try:
    ...     translate({"Version": "1", "Statement": [statement]})
    ... except InvalidPolicy as error:
    ...     print([fault.path for fault in error.faults])
    ['$.Statement[0].Effect']
    """


class InvalidFiles(_FaultyError):
    """Policy, accounts or catalog files have faults, so none of the files is used.

    `faults` is a tuple of every `Fault`, by file, then by line, never empty. The text has one line
    for each.

    >>> from pathlib import Path
    >>> from ramgate import InvalidFiles, Sidecar
    >>> text = "accounts: {'1234567890123456': {users: {alice: {policies: [Typo]}}}}"
    >>> size = Path("accounts.yaml").write_text(text)
    >>> try:
    ...     Sidecar("accounts.yaml").start()
    ... except InvalidFiles as error:
    ...     print([(fault.line, fault.path) for fault in error.faults])
    [(1, 'accounts.1234567890123456.users.alice.policies[0]')]
    """


class UnreadableFiles(InvalidFiles):
    """Files have faults, and at least one file could not be read; its fault has the reason.

    >>> from ramgate import Sidecar
    >>> Sidecar("no-such.yaml").start()
    Traceback (most recent call last):
    ramgate.errors.UnreadableFiles: no-such.yaml: ...
    """


class InvalidRequest(RamgateError):
    """The request is malformed. `errors` is a tuple of texts, each naming the field at fault.

    >>> from ramgate import InvalidRequest
    >>> try:
    ...     client.decide("acs:ram::1234567890123456:user/alice", "ListTopic", "*")
    ... except InvalidRequest as error:
    ...     print([text.split(":")[0] for text in error.errors])
    ['action']
    """

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(self.errors))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.errors,), self.__dict__


class TransportError(RamgateError):
    """OPA is unreachable or late, or the connection ended before the response did.

    >>> from ramgate import Client
    >>> Client("http://127.0.0.1:1").healthy()
    Traceback (most recent call last):
    ramgate.errors.TransportError: cannot reach `http://127.0.0.1:1`: Connection refused
    """


class AnswerError(RamgateError):
    """OPA answered with an HTTP error, with undefined, or with JSON that is not a clean decision.

    Common causes: OPA has not loaded ramgate's bundle yet, or expects another token.

    >>> from http.server import BaseHTTPRequestHandler, HTTPServer
    >>> from threading import Thread
    >>> from ramgate import AnswerError, Client
    >>> class NotOpa(BaseHTTPRequestHandler):
    ...     def do_POST(self):
    ...         self.send_error(404)
    ...     def log_message(self, *arguments):
    ...         pass
    >>> server = HTTPServer(("127.0.0.1", 0), NotOpa)
    >>> Thread(target=server.handle_request).start()
    >>> try:
    ...     Client(f"http://127.0.0.1:{server.server_port}").revision()
    ... except AnswerError as error:
    ...     print(error)
    `system/status/revision` was answered with HTTP 404
    >>> server.server_close()
    """


class CloudError(RamgateError):
    """An account cannot be read from Alibaba Cloud: no credentials, no answer, or no permission.

    >>> from ramgate.catalog import catalog
    >>> from ramgate.imports.alicloud import reader
    >>> from ramgate.imports.alicloud.settings import Settings
    >>> reader.read(Settings(profile="no-such-profile"), catalog.load())
    Traceback (most recent call last):
    ramgate.errors.CloudError: there is no profile `no-such-profile` ...
    """


class EditError(RamgateError):
    """An accounts file was left unchanged: the edit does not fit it, or another process writes it.

    >>> from pathlib import Path
    >>> from ramgate.accounts.edit import add_service_linked_role
    >>> size = Path("accounts.yaml").write_text("accounts: {'1234567890123456': {}}")
    >>> add_service_linked_role("accounts.yaml", "1234567890123456", "NoSuchRole")
    Traceback (most recent call last):
    ramgate.errors.EditError: `NoSuchRole` ...
    """


class OpaUnavailable(RamgateError):
    """No OPA that fits was found, downloaded or built. The message says how to get one.

    >>> from unittest.mock import patch
    >>> from ramgate.opa.find import find_opa
    >>> with patch.dict("os.environ", OPA="no-such-opa"):
    ...     find_opa()
    Traceback (most recent call last):
    ramgate.errors.OpaUnavailable: `$OPA` is `no-such-opa`, ...
    """


class PublishError(RamgateError):
    """A bundle cannot be published to a target. The message names the target and the cause.

    >>> from ramgate.bundle.builder import build
    >>> from ramgate.publish.target import target
    >>> target("no/such/folder/bundle.tar.gz").put(build())
    Traceback (most recent call last):
    ramgate.errors.PublishError: cannot write `no/such/folder/bundle.tar.gz`: no such file ...
    """


class SidecarError(RamgateError):
    """An OPA did not start, or stopped by itself. The message has the cause or OPA's last error.

    >>> from ramgate import Sidecar
    >>> Sidecar(addresses=["unix:///no/such/folder/opa.sock"]).start()
    Traceback (most recent call last):
    ramgate.errors.SidecarError: cannot listen on `unix:///no/such/folder/opa.sock`: ...
    """

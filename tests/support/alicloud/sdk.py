"""Clients of Alibaba's own SDKs, unmodified, for a fake."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from alibabacloud_ims20190815 import client as ims
from alibabacloud_ims20190815 import models as ims_models
from alibabacloud_ram20150501 import client as ram
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_resourcedirectorymaster20220419 import client as directory
from alibabacloud_resourcedirectorymaster20220419 import models as directory_models
from alibabacloud_resourcemanager20200331 import client as manager
from alibabacloud_resourcemanager20200331 import models as manager_models
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.client import Client as OpenApi
from darabonba.runtime import RuntimeOptions

if TYPE_CHECKING:
    from alicloud.cloud import FakeCloud
    from alicloud.keys import Key

__all__ = ["CLIENTS", "Sdk"]


def _method(operation: str) -> str:
    """Return the name of an operation as the SDKs spell it: `list_oidcproviders`."""
    words = "".join(f"_{each.lower()}" if each.isupper() else each for each in operation)
    return words.lstrip("_").replace("_o_i_d_c_", "_oidc").replace("_s_a_m_l_", "_saml")


@dataclasses.dataclass(frozen=True)
class _Product:
    client: Any
    models: Any

    def has(self, operation: str) -> bool:
        """True if the SDK has the operation."""
        return hasattr(self.client, _method(operation))

    def call(self, config: object, operation: str, parameters: dict[str, object]) -> Any:  # noqa: ANN401 - a JSON tree
        client = self.client(config)
        call = getattr(client, _method(operation))
        request = getattr(self.models, f"{operation}Request", None)
        return (call(request(**parameters)) if request else call()).body.to_map()


CLIENTS: Final = {
    "ram": _Product(ram.Client, ram_models),
    "ims": _Product(ims.Client, ims_models),
    "resourcemanager": _Product(manager.Client, manager_models),
    "resourcedirectorymaster": _Product(directory.Client, directory_models),
}
"""The SDK of each product."""


@dataclasses.dataclass(frozen=True)
class Sdk:
    """Call operations through the SDKs by their names: `Sdk(cloud).ram("ListUsers", max_items=2)`.

    A call returns the body of the answer as the SDK parsed it, as a mapping with RAM's names.
    """

    cloud: FakeCloud
    key: Key | None = None
    endpoint: str = ""
    read_timeout: int = 10_000

    def ram(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401 - a JSON tree
        """Call RAM 2015-05-01."""
        return CLIENTS["ram"].call(self._config(), operation, parameters)

    def resource_manager(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401
        """Call ResourceManager 2020-03-31."""
        return CLIENTS["resourcemanager"].call(self._config(), operation, parameters)

    def directory(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401
        """Call ResourceDirectoryMaster 2022-04-19."""
        return CLIENTS["resourcedirectorymaster"].call(self._config(), operation, parameters)

    def ims(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401
        """Call IMS 2019-08-15."""
        return CLIENTS["ims"].call(self._config(), operation, parameters)

    def caller(self) -> Any:  # noqa: ANN401
        """Call GetCallerIdentity of Sts 2015-04-01."""
        return self.generic("2015-04-01", "GetCallerIdentity")

    def generic(self, version: str, operation: str, **query: str) -> Any:  # noqa: ANN401
        """Call any operation with the core of the SDKs."""
        params = open_api.Params(
            action=operation,
            version=version,
            protocol="HTTP",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        request = open_api.OpenApiRequest(query=query)
        return OpenApi(self._config()).call_api(params, request, RuntimeOptions())["body"]

    def _config(self) -> Any:  # noqa: ANN401 - the SDK has no types
        key = self.key or self.cloud.owner
        return open_api.Config(
            access_key_id=key.id,
            access_key_secret=key.secret,
            security_token=key.token or None,
            endpoint=self.endpoint or self.cloud.endpoint,
            protocol="http",
            read_timeout=self.read_timeout,
        )

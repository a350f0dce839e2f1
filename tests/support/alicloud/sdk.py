"""Clients of Alibaba's own SDKs, unmodified, for a fake."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from alibabacloud_ims20190815 import models as ims_models
from alibabacloud_ims20190815.client import Client as Ims
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_resourcedirectorymaster20220419 import models as directory_models
from alibabacloud_resourcedirectorymaster20220419.client import Client as ResourceDirectoryMaster
from alibabacloud_resourcemanager20200331 import models as resource_manager_models
from alibabacloud_resourcemanager20200331.client import Client as ResourceManager
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.client import Client as OpenApi
from darabonba.runtime import RuntimeOptions

if TYPE_CHECKING:
    from alicloud.cloud import FakeCloud
    from alicloud.keys import Key

__all__ = ["Sdk"]


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
        return _call(Ram(self._config()), ram_models, operation, parameters)

    def resource_manager(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401
        """Call ResourceManager 2020-03-31."""
        client = ResourceManager(self._config())
        return _call(client, resource_manager_models, operation, parameters)

    def directory(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401
        """Call ResourceDirectoryMaster 2022-04-19."""
        client = ResourceDirectoryMaster(self._config())
        return _call(client, directory_models, operation, parameters)

    def ims(self, operation: str, **parameters: object) -> Any:  # noqa: ANN401
        """Call IMS 2019-08-15."""
        return _call(Ims(self._config()), ims_models, operation, parameters)

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


def _call(client: Any, models: Any, operation: str, parameters: dict[str, object]) -> Any:  # noqa: ANN401
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)
    name = snake.lstrip("_").replace("_o_i_d_c_", "_oidc").replace("_s_a_m_l_", "_saml")
    request = getattr(models, f"{operation}Request", None)
    method = getattr(client, name)
    return (method(request(**parameters)) if request else method()).body.to_map()

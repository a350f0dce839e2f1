"""Send calls through Alibaba Cloud's own SDKs, which find the endpoint, sign, and use the proxy.

The SDKs take the proxy from `HTTP_PROXY` and `HTTPS_PROXY`, and ignore `NO_PROXY`. Their own
retries are off, because they do not know which errors pass: `ramgate.imports.alicloud.caller` has
the retries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from alibabacloud_ims20190815.client import Client as Ims
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_resourcedirectorymaster20220419.client import Client as ResourceDirectoryMaster
from alibabacloud_resourcemanager20200331.client import Client as ResourceManager
from alibabacloud_tea_openapi.client import Client as OpenApi
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from ramgate.imports.alicloud.failures import SdkError, failure
from ramgate.imports.alicloud.outcomes import Temporary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.imports.alicloud.calls import Call
    from ramgate.imports.alicloud.settings import Settings

__all__ = ["Connection"]

_CLIENTS: Final[Mapping[str, Any]] = {
    "Sts": OpenApi,
    "Ram": Ram,
    "Ims": Ims,
    "ResourceManager": ResourceManager,
    "ResourceDirectoryMaster": ResourceDirectoryMaster,
}
_REGION: Final = "cn-hangzhou"  # the SDK of RAM wants one, and takes the same endpoint for each
_CONNECT_MILLISECONDS: Final = 5_000
_READ_MILLISECONDS: Final = 20_000


class Connection:
    """Sends calls with credentials that `credentials.find` returned; threads may share it.

    `hosts` has the endpoint of each product.
    """

    def __init__(self, settings: Settings, credential: object) -> None:
        self._clients = {
            product: kind(
                Config(
                    credential=credential,
                    endpoint=settings.hosts.get(product) or _host(product, settings.region),
                    region_id=settings.region or _REGION,
                    protocol=settings.protocol,
                    connect_timeout=_CONNECT_MILLISECONDS,
                    read_timeout=_READ_MILLISECONDS,
                    max_idle_conns=settings.parallel,
                    user_agent="ramgate",
                )
            )
            for product, kind in _CLIENTS.items()
        }
        # The SDKs have no other attribute for it.
        self.hosts = {name: str(one._endpoint) for name, one in self._clients.items()}  # noqa: SLF001

    def send(self, call: Call, parameters: Mapping[str, str]) -> dict[str, object]:
        """Send a call once, and return the object in its answer.

        Raises `Refused`, `Absent`, `Temporary` or `CloudError`.
        """
        client = self._clients[call.product]
        params = Params(
            action=call.operation,
            version=call.version,
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        host = self.hosts[call.product]
        try:
            answer = client.call_api(
                params, OpenApiRequest(query=dict(parameters)), RuntimeOptions()
            )
        except SdkError as error:
            raise failure(error, call, host) from error
        if not isinstance(answer["body"], dict):
            raise Temporary(call, f"`{host}` did not answer with a JSON object")
        return answer["body"]


def _host(product: str, region: str) -> str | None:
    """Return the host of a product for which the SDKs have none or a wrong one, else None."""
    if product == "Sts":
        return f"sts.{region}.aliyuncs.com" if region else "sts.aliyuncs.com"
    if product == "ResourceDirectoryMaster":  # the SDK makes the host from the product's name
        return "resourcedirectory.aliyuncs.com"
    return None

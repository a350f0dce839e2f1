"""Identity providers and the domain of an account, of IMS 2019-08-15."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alicloud.refused import exists, missing
from alicloud.state import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Answer, Call, Operation

__all__ = ["OPERATIONS"]

NAME: Final = r"[A-Za-z0-9._-]+"


def _provider(call: Call, kind: str, provider: Provider) -> Answer:
    name = f"acs:ram::{call.account.number}:{kind.lower()}-provider/{provider.name}"
    return {
        f"{kind}ProviderName": provider.name,
        "Arn": name,
        **provider.fields,
        "CreateDate": provider.created,
        "UpdateDate": provider.created,
    }


def _named(call: Call, kind: str, providers: Mapping[str, Provider]) -> Provider:
    name = call.parameters.text(f"{kind}ProviderName")
    if name not in providers:
        raise missing(f"{kind}Provider", name)
    return providers[name]


def _create(
    call: Call, kind: str, providers: dict[str, Provider], fields: Mapping[str, object]
) -> Answer:
    name = call.parameters.name(f"{kind}ProviderName", NAME, 128)
    if name in providers:
        raise exists(f"{kind}Provider", name)
    provider = Provider(name, call.now, fields)
    providers[name] = provider
    return {f"{kind}Provider": _provider(call, kind, provider)}


def _list(call: Call, kind: str, providers: Mapping[str, Provider]) -> Answer:
    page, fields = call.parameters.page_by_marker(
        list(providers.values()), lambda provider: provider.name, 100
    )
    found = [_provider(call, kind, provider) for provider in page]
    return {f"{kind}Providers": {f"{kind}Provider": found}, **fields}


def create_oidc_provider(call: Call) -> Answer:
    fields = {
        "Description": call.parameters.text("Description", ""),
        "IssuerUrl": call.parameters.text("IssuerUrl"),
        "ClientIds": call.parameters.text("ClientIds", ""),
        "Fingerprints": call.parameters.text("Fingerprints", ""),
        "IssuanceLimitTime": call.parameters.number("IssuanceLimitTime", 12, 168),
    }
    return _create(call, "OIDC", call.account.oidc_providers, fields)


def get_oidc_provider(call: Call) -> Answer:
    provider = _named(call, "OIDC", call.account.oidc_providers)
    return {"OIDCProvider": _provider(call, "OIDC", provider)}


def list_oidc_providers(call: Call) -> Answer:
    return _list(call, "OIDC", call.account.oidc_providers)


def delete_oidc_provider(call: Call) -> Answer:
    del call.account.oidc_providers[_named(call, "OIDC", call.account.oidc_providers).name]
    return {}


def create_saml_provider(call: Call) -> Answer:
    call.parameters.text("EncodedSAMLMetadataDocument")
    fields = {"Description": call.parameters.text("Description", "")}
    return _create(call, "SAML", call.account.saml_providers, fields)


def get_saml_provider(call: Call) -> Answer:
    provider = _named(call, "SAML", call.account.saml_providers)
    return {"SAMLProvider": _provider(call, "SAML", provider)}


def list_saml_providers(call: Call) -> Answer:
    return _list(call, "SAML", call.account.saml_providers)


def delete_saml_provider(call: Call) -> Answer:
    del call.account.saml_providers[_named(call, "SAML", call.account.saml_providers).name]
    return {}


def get_default_domain(call: Call) -> Answer:
    return {"DefaultDomainName": call.account.domain}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateOIDCProvider": create_oidc_provider,
    "CreateSAMLProvider": create_saml_provider,
    "DeleteOIDCProvider": delete_oidc_provider,
    "DeleteSAMLProvider": delete_saml_provider,
    "GetDefaultDomain": get_default_domain,
    "GetOIDCProvider": get_oidc_provider,
    "GetSAMLProvider": get_saml_provider,
    "ListOIDCProviders": list_oidc_providers,
    "ListSAMLProviders": list_saml_providers,
}

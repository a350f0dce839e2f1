"""Read the catalog: the roles, policies and services that Alibaba Cloud publishes."""

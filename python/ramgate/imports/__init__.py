"""Accounts as they are: read from Alibaba Cloud's APIs or from Terraform, written as files."""

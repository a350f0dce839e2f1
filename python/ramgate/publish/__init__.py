"""Publish bundles for OPAs elsewhere: as a file, to S3-compatible storage, to an OCI registry."""

"""Give bundles to OPAs elsewhere: by a server, as a file, through S3 storage, an OCI registry."""

"""Ask a running OPA over HTTP, synchronously or with asyncio."""

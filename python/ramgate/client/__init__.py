"""Ask a running OPA over HTTP, from threads (`client`) or from asyncio (`async_client`)."""

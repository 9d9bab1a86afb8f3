"""memcached. Where it is away the application goes on without it."""
from flask import current_app
from pymemcache.client.base import PooledClient


def cache():
    if "memcached" not in current_app.extensions:
        current_app.extensions["memcached"] = PooledClient(
            current_app.config["MEMCACHED_SERVER"], connect_timeout=1, timeout=1, ignore_exc=True, key_prefix=b"sphere:", no_delay=True
        )
    return current_app.extensions["memcached"]


def remembered(key, seconds, compute):
    """A number from the cache, or computed and put there; and whether it was there."""
    kept = cache().get(key)
    if kept is not None:
        return int(kept), True
    value = compute()
    cache().set(key, str(value), expire=seconds)
    return value, False

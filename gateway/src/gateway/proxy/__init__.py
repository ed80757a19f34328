"""From /api/<service>/v1 to the service: a raw ASGI application over the kernel's upstream client.

Anything that carries identity, or that concerns the connection, ends here; what a service learns of the caller is the
signed token, and nothing else that a client could have written (OWASP ASVS 5.0 V4.1.3).
"""

from gateway.proxy.application import Authorise, Proxy, ProxyLimits

__all__ = ["Authorise", "Proxy", "ProxyLimits"]

"""What can go wrong on the way to an upstream, by what the caller may conclude from it.

UpstreamError
├── UpstreamUnavailable     nothing was sent: trying again is safe
│   └── UpstreamBusy        every connection is taken and nobody gave one back in time
├── UpstreamTimeout         silence for too long: what was asked may have happened
└── UpstreamProtocolError   the answer is not one that may be passed on
    └── UpstreamDisconnected   the connection ended before the answer did
"""


class UpstreamError(Exception):
    """An exchange with an upstream failed. The message names the origin and the reason, nothing of the request."""


class UpstreamUnavailable(UpstreamError):  # noqa: N818 - a state of the upstream, named so everywhere
    """No connection could be had, so nothing was sent."""


class UpstreamBusy(UpstreamUnavailable):
    """Every connection is taken, and the line is full or the wait was too long."""


class UpstreamTimeout(UpstreamError):  # noqa: N818 - a state of the upstream, named so everywhere
    """The upstream was silent for too long, or the whole exchange took too long."""


class UpstreamProtocolError(UpstreamError):
    """The upstream broke HTTP/1.1, or a bound of ours."""


class UpstreamDisconnected(UpstreamProtocolError):  # noqa: N818 - a state of the upstream, named so everywhere
    """The connection ended before the answer did."""

    def __init__(self, message: str, *, unanswered: bool) -> None:
        super().__init__(message)
        self.unanswered = unanswered

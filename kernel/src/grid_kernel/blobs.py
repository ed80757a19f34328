"""Where attachments are kept."""


class BlobStore:
    """Files by SHA-256 at an address."""

    def __init__(self, address: str) -> None:
        self.address = address

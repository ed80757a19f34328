"""One module per page or group of pages; each says its routes."""

"""Files, addressed by the SHA-256 of what was sent; readable only through the record that names them."""

from grid_kernel.routing import GridRouter

attachments = GridRouter(prefix="/v1/attachments", tags=["attachments"])

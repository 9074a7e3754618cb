"""How the kernel's messages travel from the Jupyter server to the browser: at once.

A kernel answers a moved control with several messages.  The operating system holds the second one back until the
browser has acknowledged the first (Nagle's algorithm, RFC 896), and the browser's side waits up to 40 ms before it does
that (RFC 1122, 4.2.3.2).  `python tools/lab.py` and the browser tests therefore start JupyterLab with this class.
"""

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class Prompt(ZMQChannelsWebsocketConnection):
    """A kernel's connection to a browser that waits for no acknowledgement (TCP_NODELAY)."""

    def connect(self) -> Any:
        self.websocket_handler.set_nodelay(True)
        return super().connect()

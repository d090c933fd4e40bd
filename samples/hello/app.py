"""A web page that says where it runs."""

import socket

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return f"컨테이너 {socket.gethostname()}에서 인사드립니다.\n"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)  # noqa: S104  (a container publishes what it wants to)

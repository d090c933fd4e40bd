"""Starts the guest book: `python app.py`."""

from guestbook import create_app

app = create_app()

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)  # noqa: S104  (a container publishes what it wants to)

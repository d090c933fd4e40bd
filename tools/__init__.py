"""What makes the repository's products: exercises from solutions, the site from executed lessons.

Each module does one job and is run as ``python -m tools.NAME``; files without a suffix are shell.
"""

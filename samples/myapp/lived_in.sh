#!/bin/bash
# Makes this folder what the folder of a real project is after a year: history, a virtual
# environment, caches, logs, a dump, a file with passwords.  All of it is made here, none is real.
# usage (beside this file): docker run --rm -v "$PWD:/project" -w /project python:3.13 bash lived_in.sh
set -euo pipefail

# The history: sources, and a video that was added once and removed again.
rm -rf .git
git init -q -b main
git config user.name "guestbook" && git config user.email "dev@example.com"
git config core.excludesFile /dev/null
git remote add origin "https://deploy:hunter2-not-real@git.example.com/guestbook.git"
git add app.py guestbook tests pyproject.toml requirements.txt
git commit -q -m "A guest book"
head -c 12000000 /dev/urandom >intro.mp4
git add intro.mp4 && git commit -q -m "Add the introduction"
git rm -q intro.mp4 && git commit -q -m "Remove the introduction"

# What a developer's tools leave behind.
python -m venv --clear venv
venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
venv/bin/python -m unittest -q 2>/dev/null
printf 'DATABASE_URL=postgres://app:hunter2-not-real@db/app\nSECRET_KEY=not-a-real-secret\n' >.env
mkdir -p logs data
for day in $(seq -w 1 30); do
    yes "2026-10-$day 12:00:00 GET / 200" | head -n 5000 >"logs/2026-10-$day.log" || true
done
head -c 15000000 /dev/urandom | base64 -w 120 >data/dump.sql

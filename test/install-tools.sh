#!/usr/bin/env bash
# Installs the clients that the tests drive the server with, where they are missing and we may.
set -euo pipefail
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need rclone rclone
need s3cmd s3cmd
need restic restic
need tmux tmux
need python3 python3
python3 -c 'import boto3' >/dev/null 2>&1 || missing+=(python3-boto3)
[ "${#missing[@]}" -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The client tests need these packages, please install them: ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

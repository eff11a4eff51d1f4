#!/usr/bin/env bash
# Debian's Chromium, which the functional tests drive. Installs it where it may; else says how.
set -eu

if command -v chromium >/dev/null; then exit 0; fi

install="apt-get install -y --no-install-recommends chromium fonts-liberation"
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root="no"
fi

if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
    echo "The tests drive Chromium. Install it, then start again:  sudo $install" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root $install

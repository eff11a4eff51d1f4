#!/usr/bin/env bash
# Sees that a command is there. Installs it from Debian's packages where it may; else says how.
#   tools/debian.sh COMMAND PACKAGE...
set -eu

command=$1
shift
if command -v "$command" >/dev/null; then exit 0; fi

install="apt-get install -y --no-install-recommends $*"
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root="no"
fi

if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
    echo "This needs the command '$command'. Install it, then start again:  sudo $install" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root $install

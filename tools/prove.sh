#!/usr/bin/env bash
# Runs every test in its long version and writes what came of it to docs/evidence/, with the
# commit and the machine. Exit code: pytest's.
#   tools/prove.sh COMMIT
set -eu -o pipefail

commit=$1
evidence="docs/evidence/prove-$(date -u +%Y-%m-%d)-$commit.txt"
regional="docs/evidence/matching-regional-$(date -u +%Y-%m-%d)-$commit.md"
kills="docs/evidence/kill-log-$(date -u +%Y-%m-%d)-$commit.md"
mkdir -p docs/evidence
{
    echo "commit   $commit"
    echo "date     $(date -u +%Y-%m-%dT%H:%MZ)"
    echo "machine  $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)," \
        "Linux $(uname -r | cut -d- -f1), $(.venv/bin/python --version)"
    echo
    SALUS_PROVE=1 SALUS_KILLS=${SALUS_KILLS:-200} SALUS_KILL_LOG=$kills SALUS_REGIONAL_LOG=$regional \
        .venv/bin/pytest --no-header -n 2 --dist loadfile --no-loadscope-reorder --durations 20
    echo
    drilled=$(mktemp -d)
    trap 'rm -rf "$drilled"' EXIT
    chmod 755 "$drilled"
    .venv/bin/salus simulate --scale 1/1000 --data "$drilled/data"
    .venv/bin/python -m tools.restore_drill "$drilled/data" --commit "$commit"
} | tee "$evidence"
echo "Evidence: $evidence"

#!/usr/bin/env bash
# Builds and tests everything; the last line is 'N passed, N failed, N skipped'.
#   ./test.sh            all tests
#   ./test.sh --fast     without the tests that start processes or need servers
#   ./test.sh --worlds N --seed S   only N seeded worlds from seed S
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

fast=false
only=()
while (($#)); do
  case $1 in
    --fast) fast=true ;;
    --worlds) export WORLDS=$2; only=(tests/World); shift ;;
    --seed) export WORLD_SEED=$2; shift ;;
    *) echo "test.sh: unknown argument '$1'" >&2; exit 64 ;;
  esac
  shift
done

projects=("${only[@]}")
if ((${#projects[@]} == 0)); then
  for p in tests/*/*.csproj; do projects+=("$(dirname "$p")"); done
fi
if $fast; then
  projects=("${projects[@]/tests\/Journeys/}")
fi

# PostgreSQL, RabbitMQ and mosquitto, unless they are given by the variables that scripts/servers.sh would set.
if $fast; then
  export EM_TEST_FAST=1
elif ((${#only[@]} == 0)) && [ -z "${EM_TEST_POSTGRES:-}" ]; then
  servers=$(mktemp -d)
  trap 'scripts/servers.sh "$servers" stop; rm -rf "$servers"' EXIT
  scripts/servers.sh install
  scripts/servers.sh "$servers" start
  eval "$(scripts/servers.sh "$servers" env)"
fi

rm -rf TestResults
status=0
dotnet build --nologo -v quiet
for p in "${projects[@]}"; do
  [ -n "$p" ] || continue
  name=$(basename "$p")
  dotnet test "$p" --no-build --nologo --logger "trx;LogFileName=$name.trx" --results-directory TestResults || status=1
  [ -f "TestResults/$name.trx" ] || { echo "test.sh: $p left no result file" >&2; status=1; }
done
scripts/summary.sh TestResults || status=1
exit $status

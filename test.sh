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
  # Programs that the tests start are no tests.
  for p in $(grep -l Microsoft.NET.Test.Sdk tests/*/*.csproj); do projects+=("$(dirname "$p")"); done
fi
if $fast; then
  for i in "${!projects[@]}"; do [ "${projects[i]}" = tests/Journeys ] && unset "projects[i]"; done
fi

# PostgreSQL, RabbitMQ and mosquitto, unless they are given by the variables that scripts/servers.sh would set.
if $fast; then
  export EM_TEST_FAST=1
elif ((${#only[@]} == 0)) && [ -z "${EM_TEST_POSTGRES:-}" ]; then
  servers=$(mktemp -d)
  beside=
  trap '[ -z "$beside" ] || kill -- "-$beside" || :; scripts/servers.sh "$servers" stop; rm -rf "$servers"' EXIT
  scripts/servers.sh install
  scripts/servers.sh "$servers" start
  eval "$(scripts/servers.sh "$servers" env)"
fi

run() {
  local p name status=0
  for p in "$@"; do
    name=$(basename "$p")
    dotnet test "$p" --no-build --nologo --logger "trx;LogFileName=$name.trx" --results-directory TestResults || status=1
    [ -f "TestResults/$name.trx" ] || { echo "test.sh: $p left no result file" >&2; status=1; }
  done
  return $status
}

rm -rf TestResults
mkdir TestResults
status=0
dotnet build --nologo -v quiet
if [ -n "${servers:-}" ]; then
  # Tests of servers take turns, and mostly wait; what needs none runs beside them and is shown afterwards.
  served=()
  alone=()
  for p in "${projects[@]}"; do
    if grep -rqs EM_TEST_ "$p" --include=*.cs; then served+=("$p"); else alone+=("$p"); fi
  done
  set -m
  run "${alone[@]}" >TestResults/beside.log 2>&1 &
  beside=$!
  set +m
  run "${served[@]}" || status=1
  wait "$beside" || status=1
  beside=
  cat TestResults/beside.log
else
  run "${projects[@]}" || status=1
fi
scripts/summary.sh TestResults || status=1
exit $status

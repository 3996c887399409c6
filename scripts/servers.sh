#!/usr/bin/env bash
# PostgreSQL, RabbitMQ and mosquitto for the tests, and docker-compose: Debian packages, own data and free ports under DIR, loopback only.
#   scripts/servers.sh install            takes what is missing from Debian (root)
#   scripts/servers.sh DIR start [NAME]   starts all, or one: postgres, rabbitmq, mosquitto; ports stay what they were
#   scripts/servers.sh DIR kill NAME      ends one as kill -9 does, its data stay
#   scripts/servers.sh DIR stop [NAME]    ends all, or one
#   scripts/servers.sh DIR env            prints the exports that tests read
set -euo pipefail

# docker-compose is asked whether the composed stack is well-formed; it needs no engine for that.
packages=(postgresql rabbitmq-server mosquitto mosquitto-clients curl docker-compose)

install() {
  local missing=()
  for p in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
  done
  ((${#missing[@]})) || return 0
  echo "servers.sh: installing ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1   # Run level 1 keeps the packages from starting services of their own.
  local log
  log=$(mktemp)
  for p in "${missing[@]}"; do
    apt-cache show "$p" >/dev/null 2>&1 || { apt-get update -q >"$log" 2>&1 || { cat "$log" >&2; return 1; }; break; }
  done
  apt-get install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1 \
    || { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 \
    || { cat "$log" >&2; return 1; }
  rm -f "$log"
}

# Ports that are free now and below the ephemeral range's likely picks of a moment later; kept in DIR/ports.
free_ports() {
  local count=$1 port found=()
  while ((${#found[@]} < count)); do
    port=$((20000 + RANDOM % 10000))
    [[ " ${found[*]} " == *" $port "* ]] && continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || found+=("$port")
  done
  echo "${found[@]}"
}

prepare() {
  [ -f "$dir/ports" ] && return
  mkdir -p "$dir/run" "$dir/postgres" "$dir/rabbitmq" "$dir/mosquitto"
  chmod 755 "$dir"
  chown postgres "$dir/postgres"
  chown rabbitmq "$dir/rabbitmq"
  chown mosquitto "$dir/mosquitto"
  read -r pg amqp management epmd dist mqtt < <(free_ports 6)
  printf 'pg=%s\namqp=%s\nmanagement=%s\nepmd=%s\ndist=%s\nmqtt=%s\n' "$pg" "$amqp" "$management" "$epmd" "$dist" "$mqtt" >"$dir/ports"
}

# as USER COMMAND…: in its own session, so that Ctrl+C reaches only the tests; the pid is that of the program itself.
as() {
  local user=$1 name=$2
  shift 2
  setsid setpriv --reuid "$user" --regid "$user" --init-groups -- "$@" >>"$dir/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/run/$name"
}

# until NAME COMMAND…: the condition, not a duration; a server that has died or takes two minutes is a failure.
until_up() {
  local name=$1 end=$((SECONDS + 120))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > end)) || ! kill -0 "$(cat "$dir/run/$name")" 2>/dev/null; then
      echo "servers.sh: $name did not start:" >&2
      tail -20 "$dir/$name.log" >&2
      return 1
    fi
    sleep 0.2
  done
}

start_postgres() {
  local bin
  bin=$(echo /usr/lib/postgresql/*/bin | tr ' ' '\n' | sort -V | tail -1)
  if [ ! -f "$dir/postgres/PG_VERSION" ]; then
    setpriv --reuid postgres --regid postgres --init-groups -- "$bin/initdb" -D "$dir/postgres" -U em -A trust -E UTF8 --locale C.UTF-8 >"$dir/postgres.log" 2>&1
    # A process that was killed leaves its pid file; the port is written once.
    cat >>"$dir/postgres/postgresql.conf" <<EOF
listen_addresses = '127.0.0.1'
port = $pg
unix_socket_directories = '$dir/postgres'
max_connections = 300
shared_preload_libraries = 'pg_stat_statements'
EOF
  fi
  as postgres postgres "$bin/postgres" -D "$dir/postgres"
  until_up postgres "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg" -U em
}

start_rabbitmq() {
  local home
  home=$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*)
  printf '[rabbitmq_management].\n' >"$dir/rabbitmq/plugins"
  cat >"$dir/rabbitmq/rabbitmq.conf" <<EOF
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
EOF
  # Started by the node it would be a daemon that outlives everything.
  [ -f "$dir/run/epmd" ] || as rabbitmq epmd env -i HOME="$dir/rabbitmq" "$(command -v epmd)" -port "$epmd" -address 127.0.0.1
  as rabbitmq rabbitmq env -i PATH="$PATH" LANG=C.UTF-8 HOME="$dir/rabbitmq" \
    RABBITMQ_NODENAME=em-test@localhost RABBITMQ_DIST_PORT="$dist" ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/rabbitmq/plugins" \
    RABBITMQ_MNESIA_BASE="$dir/rabbitmq/mnesia" RABBITMQ_LOG_BASE="$dir/rabbitmq/log" RABBITMQ_PID_FILE="$dir/rabbitmq/pid" \
    "$home/sbin/rabbitmq-server"
  until_up rabbitmq curl -fsS -u guest:guest "http://127.0.0.1:$management/api/health/checks/port-listener/$amqp"
}

start_mosquitto() {
  cat >"$dir/mosquitto/mosquitto.conf" <<EOF
listener $mqtt 127.0.0.1
allow_anonymous true
persistence true
persistence_location $dir/mosquitto/
max_queued_messages 10000
EOF
  as mosquitto mosquitto "$(command -v mosquitto || echo /usr/sbin/mosquitto)" -c "$dir/mosquitto/mosquitto.conf"
  until_up mosquitto bash -c "exec 3<>/dev/tcp/127.0.0.1/$mqtt"
}

# The whole session of the server: its children (Erlang's helpers, PostgreSQL's back ends) belong to it.
end() {
  local name=$1 signal=$2 pid
  [ -f "$dir/run/$name" ] || return 0
  pid=$(cat "$dir/run/$name")
  case $name-$signal in
    postgres-TERM) kill -INT "$pid" 2>/dev/null || true ;;   # Fast shutdown: clients are disconnected.
    *) kill "-$signal" -- "-$pid" 2>/dev/null || true ;;
  esac
  while kill -0 -- "-$pid" 2>/dev/null; do sleep 0.1; done
  rm -f "$dir/run/$name"
}

if [ "${1-}" = install ]; then
  install
  exit
fi
dir=${1:?directory}
names=("${@:3}")
((${#names[@]})) || names=(postgres rabbitmq mosquitto)
case ${2-} in
  start)
    prepare
    . "$dir/ports"
    for name in "${names[@]}"; do "start_$name"; done ;;
  kill) for name in "${names[@]}"; do end "$name" KILL; done ;;
  stop)
    for name in "${names[@]}"; do end "$name" TERM; done
    ((${#names[@]} < 3)) || end epmd TERM ;;
  env)
    . "$dir/ports"
    echo "export EM_TEST_SERVERS='$dir'"
    echo "export EM_TEST_SCRIPTS='$(cd "$(dirname "$0")" && pwd)'"
    echo "export EM_TEST_POSTGRES='Host=127.0.0.1;Port=$pg;Username=em;Database=postgres'"
    echo "export EM_TEST_RABBITMQ='amqp://guest:guest@127.0.0.1:$amqp/'"
    echo "export EM_TEST_RABBITMQ_MANAGEMENT='http://guest:guest@127.0.0.1:$management'"
    echo "export EM_TEST_MQTT='mqtt://127.0.0.1:$mqtt'" ;;
  *) echo "servers.sh: unknown command '${2-}'" >&2; exit 64 ;;
esac

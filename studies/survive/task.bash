# Runs one task: `bash task.bash programs/NAME.sh`, in an empty directory that is thrown away afterwards. What the task prints must be
# the same with the library and without, so it prints no time, no pid, no port and no address.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
shopt -s inherit_errexit

# Servers started by `serve` are stopped by their pid, however the task ends.
servers=()
stop_all() {
  local pid
  for pid in "${servers[@]}"; do kill "$pid" 2> /dev/null || true; done
  for pid in "${servers[@]}"; do wait "$pid" || true; done
}
trap stop_all EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

# serve COMMAND...: starts a server, and waits until somebody listens at 127.0.0.1:$PORT. Its pid is in `server`.
serve() {
  "$@" >> server.log 2>&1 < /dev/null &
  server=$!
  servers+=("$server")
  local turn
  for ((turn = 0; turn < 1200; turn++)); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2> /dev/null; then return; fi
    if ! kill -0 "$server" 2> /dev/null; then break; fi
    sleep 0.05
  done
  fail "the server did not start: $(tail -n 3 server.log)"
}

# stop [SIGNAL]: stops the last server and prints its status.
stop() {
  local status=0
  kill -s "${1:-TERM}" "$server"
  wait "$server" || status=$?
  servers=("${servers[@]/$server/}")
  servers=(${servers[@]})
  echo "server ended with status $status"
}

# fail TEXT: ends the task.
fail() {
  echo "$1" >&2
  exit 1
}

# numbers COUNT SEED: that many lines, each a number below 2^31, always the same ones.
numbers() {
  local state=$2 turn
  for ((turn = 0; turn < $1; turn++)); do
    state=$(((state * 1103515245 + 12345) & 0x7fffffff))
    echo "$state"
  done
}

# text LINES: lines of words, always the same.
text() {
  mawk -v lines="$1" 'BEGIN {
    state = 1
    for (line = 1; line <= lines; line++) {
      printf "%d", line
      for (word = 0; word < 8; word++) {
        state = (state * 69069 + 1) % 4294967296
        printf " %c%c%d", 97 + int(state / 65536) % 26, 97 + int(state / 1048576) % 26, int(state / 256) % 9973
      }
      printf "\n"
    }
  }'
}

# shellcheck disable=SC1090
source "$1"

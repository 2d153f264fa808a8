signal=$1 patience=$2
shift 2
# A terminal's or a supervisor's signal must not end this shell before the server.
trap ':' INT TERM HUP
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(
    read -r _ <&3
    kill -s "$signal" "$server"
    while [ "$patience" -gt 0 ] && kill -0 "$server"; do
        sleep 0.1
        patience=$((patience - 1))
    done
    # Whatever is left of the group, this shell included.
    kill -s KILL 0
) 2>/dev/null &
watcher=$!
while kill -0 "$server" 2>/dev/null; do
    wait "$server"
done
kill -s KILL "$watcher" 2>/dev/null

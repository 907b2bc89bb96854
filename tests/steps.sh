# Runs steps side by side; tests/run sources this file from the project's folder. Each step's output goes to
# a file of its own, which is shown if the step fails.
# shellcheck shell=sh

logs="$PWD/target/steps"
started="$(date +%s)"

since() {
    seconds=$(($(date +%s) - $1))
    echo "$((seconds / 60)) min $((seconds % 60)) s"
}

# step NAME COMMAND...: one step, now
step() {
    name=$1 from="$(date +%s)"
    shift
    # A shell lets what runs in the background ignore Ctrl-C.
    status=0
    env --default-signal=INT,QUIT "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
    case $status in
    0) echo "  done    $name, $(since "$from")" ;;
    # Ctrl-C: whoever runs the steps ends, too, and no other is to begin.
    130) rm -f "$logs/waiting" ;;
    *)
        cat "$logs/$name.log"
        echo "  FAILED  $name, $(since "$from")"
        echo "$name" >>"$logs/failed"
        ;;
    esac
}

# The next of the steps that nobody has taken; a line for each stands in the file "waiting".
take() {
    while :; do
        line="$(flock "$logs/turn" sed -i -e '1w /dev/stdout' -e 1d "$logs/waiting" 2>/dev/null)" || return 0
        [ -n "$line" ] || return 0
        # shellcheck disable=SC2086 # a command in words
        step $line
    done
}

# side_by_side: the steps of standard input, one a line, in their order (empty lines are none): as many at once as there
# are processors, and one more since they wait at times
side_by_side() {
    sed '/^$/d' >"$logs/waiting"
    runners=""
    for _ in $(seq "$(($(nproc) + 1))"); do
        take &
        runners="$runners $!"
    done
    # shellcheck disable=SC2086 # a list
    wait $runners
}

# conclude NAME [MINUTES START]: prints how long all took, what failed, and on the last line the sum of what the test runners
# counted; examples that were only compiled count as skipped. What has taken more than MINUTES since START is told: that
# is what CONTRIBUTING.md promises, but no failure, since a machine may be busy.
conclude() {
    echo "$1: $(since "$started") on $(nproc) processors"
    if [ $# -gt 1 ] && [ $(($(date +%s) - $3)) -gt $(($2 * 60)) ]; then
        echo "warning: $(since "$3") are more than the $2 min that CONTRIBUTING.md promises of it on two idle processors" |
            tee "$logs/slow"
    fi
    failed="$(cat "$logs/failed" 2>/dev/null | tr '\n' ' ')"
    [ -z "$failed" ] || echo "failed: $failed"
    cat "$logs"/*.log | awk '
        / - compile \.\.\. ok$/ { passed--; skipped++ }
        /^test result: / { passed += $4; failed += $6; skipped += $8 }
        END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
    [ -z "$failed" ]
}

rm -rf "$logs"
mkdir -p "$logs"
trap 'rm -f "$logs/waiting"; exit 130' HUP INT TERM

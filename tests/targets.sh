# The names of the tests' targets; tests/run and packages/mutants source this file from the project's folder.
# shellcheck shell=sh

# Those that take more than the workspace's own build lie in a folder of their own.
large="$(awk -F '"' '/^name = / { name = $2 } /^path = ".*\// { print name }' tests/Cargo.toml)"
# shellcheck disable=SC2034 # for those who source it
small="$(cargo metadata --no-deps --format-version 1 | tr '{' '\n' |
    sed -n 's/.*"kind":\["test"\].*"name":"\([^"]*\)".*/\1/p' | grep -vxF "$large" | sort -u)"

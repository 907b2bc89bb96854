# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_clusterhat_global_optspecs
    string join \n json config= root= sim= lock-limit= h/help V/version
end

function __fish_clusterhat_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_clusterhat_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_clusterhat_using_subcommand
    set -l cmd (__fish_clusterhat_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c clusterhat -n "__fish_clusterhat_needs_command" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_needs_command" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_needs_command" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_needs_command" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_needs_command" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -s V -l version -d 'Print version'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "on" -d 'Switch nodes on, one after the other (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "off" -d 'Switch nodes off, all at once (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "cycle" -d 'Switch nodes off, and on again after a delay'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "restore" -d 'Restore nodes after a loss of power, according to at-boot in the configuration (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "shutdown" -d 'Shut nodes down, and cut their power once they have halted'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "reboot" -d 'Restart nodes; their power stays on'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "status" -d 'Show commanded and measured state; switches nothing (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "is-on" -d 'Check whether nodes have power, for scripts: exit status 0 yes, 1 no, 3 or 4 unknown'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "wait" -d 'Wait until nodes have reached a state (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "init" -d 'Initialise boards not initialised since power-up; keeps every node\'s power as it is'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "console" -d 'Open a node\'s console, watch several, or drive one from a script'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "alert" -d 'Switch the ALERT LED'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "led" -d 'Switch the nodes\' status LEDs'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "hub" -d 'Switch the USB hub, or switch it off and on; the nodes\' links go with it'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "wp" -d 'Switch the write protection of the HAT\'s EEPROM'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "fan" -d 'Switch the controller\'s fan and those of ClusterCTRL boards, or let them follow the temperature'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "act" -d 'Switch the ACT LED of ClusterCTRL boards'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "usbboot" -d 'Set whether nodes boot over USB (ClusterCTRL boards with that setting)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "path" -d 'Show the USB paths of nodes (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "board" -d 'Change, save or reset the settings of a ClusterCTRL board'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "boards" -d 'Show the boards, how they were found, and what is unverified about them'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "setup" -d 'Prepare this controller: I2C, USB, groups, units; converts the vendor\'s image'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "network" -d 'Set up, show or undo the nodes\' network: addresses, names and internet access'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "top" -d 'Show the state, temperature, load and memory of nodes, repeatedly; switches nothing (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "chaos" -d 'Cut and restore the power of nodes at random, to test how software copes with it'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "doctor" -d 'Check for common problems and name the fix of each (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "events" -d 'Show what happens as it happens: states, power, tasks, consoles (no NODES: all)'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "inventory" -d 'Print the nodes in the formats of other programs'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "maxpi" -d 'Print the number of nodes'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "setorder" -d 'The vendor\'s name for `board order`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "save" -d 'The vendor\'s name for `board save`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "saveorder" -d 'The vendor\'s name for `board save --what order`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "saveusbboot" -d 'The vendor\'s name for `board save --what usbboot`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "savepos" -d 'The vendor\'s name for `board save --what power`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "savedefaults" -d 'The vendor\'s name for `board save --what defaults`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "reset" -d 'The vendor\'s name for `board reset`'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c clusterhat -n "__fish_clusterhat_needs_command" -f -a "help" -d 'Print this help, or the help of a command'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l delay -d 'Time between two nodes switched on (seconds; default 1)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l wait -d 'Wait until the nodes have reached this state, or are further in their start (default: reachable)' -r -f -a "powered\t''
boot-rom\t''
enumerated\t''
link\t''
reachable\t''
agent\t''"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l timeout -d 'Stop waiting after this long; a power cycle restarts the time (seconds; default 120)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l retries -d 'Power-cycle nodes that are not on the USB by then and wait again, at most N times' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l ignore-undervoltage -d 'Continue even if the Pi reports under-voltage'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l dry-run -d 'Show what would be done, write nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l no-hooks -d 'Run no hooks; none can refuse a node then'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand on" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l timeout -d 'How long nodes may take to halt (seconds; default 120); those that take longer keep their power' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l dry-run -d 'Show what would be done, write nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l no-hooks -d 'Run no hooks; none can refuse a node then'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l graceful -d 'Shut the nodes down first, as `clusterhat shutdown` does'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l immediate -d 'Cut the power at once, even if the configuration has graceful-off'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l force -d 'Cut the power of nodes that have not halted by then, even if they could not be asked; they may lose data'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l yes -d 'Do not ask for confirmation when nodes are running'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand off" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l off-time -d 'How long the nodes stay off (seconds; default 2)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l delay -d 'Time between two nodes switched on (seconds; default 1)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l wait -d 'Wait until the nodes have reached this state, or are further in their start (default: reachable)' -r -f -a "powered\t''
boot-rom\t''
enumerated\t''
link\t''
reachable\t''
agent\t''"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l timeout -d 'Stop waiting after this long; a power cycle restarts the time (seconds; default 120)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l retries -d 'Power-cycle nodes that are not on the USB by then and wait again, at most N times' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l ignore-undervoltage -d 'Continue even if the Pi reports under-voltage'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l dry-run -d 'Show what would be done, write nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l no-hooks -d 'Run no hooks; none can refuse a node then'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l yes -d 'Do not ask for confirmation when nodes are running'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand cycle" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l delay -d 'Time between two nodes switched on (seconds; default 1)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l all -d 'Include nodes whose board kept its power'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l again -d 'Continue even after two consecutive starts that were cut short by under-voltage or a loss of power'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l ignore-undervoltage -d 'Continue even if the Pi reports under-voltage'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l dry-run -d 'Show what would be done, write nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l no-hooks -d 'Run no hooks; none can refuse a node then'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand restore" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l timeout -d 'How long nodes may take to halt (seconds; default 120); those that take longer keep their power' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l force -d 'Cut the power of nodes that have not halted by then, even if they could not be asked; they may lose data'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l no-hooks -d 'Run no hooks; none can refuse a node then'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l when-powering-off -d 'Do nothing unless systemd is powering off or halting this machine (for clusterhat-shutdown.service)'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand shutdown" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -l timeout -d 'How long nodes may take to answer (seconds; default 120)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reboot" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -l watch -d 'Show every change of a node\'s state as it happens, until interrupted; with TIME, poll the boards this often (seconds) too, and show changes of outputs, voltages and what other programs switch' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand status" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand is-on" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand is-on" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand is-on" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand is-on" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand is-on" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand is-on" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l for -d 'The state to wait for; a node that is further in its start counts, too' -r -f -a "absent\t''
off\t''
powered\t''
boot-rom\t''
enumerated\t''
link\t''
reachable\t''
agent\t''
halted\t''
failed\t''"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l timeout -d 'Stop waiting after this long (seconds; default 120)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wait" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand init" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand init" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand init" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand init" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand init" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand init" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l send -d 'Send this line, followed by Enter' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l expect -d 'Wait until the node prints text that matches this regular expression' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l timeout -d 'Stop waiting for --send and --expect after this long (seconds; default 30)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l log -d 'Append the output of the nodes to this regular file, each line with its time' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l watch -d 'Show the output of the nodes, each line with its node\'s name, and send nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand console" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand alert" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand alert" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand alert" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand alert" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand alert" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand alert" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand led" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand led" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand led" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand led" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand led" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand led" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand hub" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand hub" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand hub" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand hub" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand hub" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand hub" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wp" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wp" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wp" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wp" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wp" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand wp" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -l interval -d 'With auto: time between two readings of the temperature (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand fan" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand act" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand act" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand act" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand act" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand act" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand act" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand usbboot" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand usbboot" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand usbboot" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand usbboot" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand usbboot" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand usbboot" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand path" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand path" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand path" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand path" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand path" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand path" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -f -a "order" -d 'Give a board another order; it lasts until its next reset unless it is saved'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -f -a "save" -d 'Write settings to a board\'s EEPROM'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and not __fish_seen_subcommand_from order save reset" -f -a "reset" -d 'Restart a board; its nodes return to the power state saved in its EEPROM'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from order" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from order" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from order" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from order" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from order" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from order" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l what -d 'The settings to save' -r -f -a "all\t'All of its settings'
order\t'Its order'
usbboot\t'The nodes\' USB boot settings'
power\t'The nodes\' current power state, restored when the board powers up'
led\t'The LEDs'
defaults\t'Factory settings: order 20, all nodes off, USB boot on'"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l yes -d 'Do not ask for confirmation before factory settings replace the saved ones'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -l yes -d 'Do not ask for confirmation, although nodes may lose power'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand board; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -l probe -d 'Also ask the addresses 0x20 to 0x23 of every I2C bus (reads only, but other chips see it)'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand boards" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l user -d 'Let this user work without root [default: the user who called sudo]' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l boot-dir -d 'Where the boot partition is mounted [default: boot/firmware or boot below the root]' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l dry-run -d 'Show the changes as a diff and make none'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l undo -d 'The former spelling of `setup undo`'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l force -d 'With --undo: as `setup undo --force`'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l serial-console -d 'Also enable a console on the header\'s serial port'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and not __fish_seen_subcommand_from undo" -f -a "undo" -d 'Undo what `setup` changed; later changes by others stay'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l boot-dir -d 'Where the boot partition is mounted [default: boot/firmware or boot below the root]' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l dry-run -d 'Show the changes as a diff and make none'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l force -d 'Also discard later edits to lines that setup wrote'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setup; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -f -a "setup" -d 'Give the nodes IP addresses and internet access; `network undo` restores the previous state'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -f -a "allow" -d 'Let the nodes through the packet filter until the next boot'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -f -a "status" -d 'Show the state of the network and its problems; changes nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and not __fish_seen_subcommand_from setup allow status undo" -f -a "undo" -d 'Undo what `network setup` changed; later changes by others stay'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l mode -d 'nat: the nodes on a network of their own, behind the controller; bridge: on the controller\'s' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l uplink -d 'The controller\'s uplink interface [default: that of the default route]' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l backend -d 'What configures it: auto, networkmanager or networkd' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l subnet -d 'The nodes\' own network (nat) [default: unchanged, or 172.19.181.0/24]' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l cluster -d 'The cluster\'s name, where the nodes\' node.toml has one [default: unchanged]' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l isolate -d 'Isolate the nodes from each other: each reaches only the controller and the networks behind it [default: unchanged]' -r -f -a "true\t''
false\t''"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l allow-forwarding -d 'Let the nodes through the packet filter (Docker\'s, ufw\'s, firewalld\'s ...), at every boot [default: unchanged]' -r -f -a "true\t''
false\t''"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l dry-run -d 'Show the changes as a diff and make none'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l at-boot -d 'Write the files only; they take effect at the next boot'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from setup" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from allow" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from allow" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from allow" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from allow" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from allow" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from allow" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from status" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from status" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from status" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l dry-run -d 'Show the changes as a diff and make none'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l force -d 'Also discard later edits to lines that setup wrote'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l at-boot -d 'Restore the files only; they take effect at the next boot'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand network; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l interval -d 'Time between two tables, or two JSON documents (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l count -d 'End after this many (default: run until interrupted)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand top" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l mtbf -d 'Mean time from a node\'s repair to its next power loss (seconds; at least 1)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l mttr -d 'Mean time without power (seconds; each is at least 0.1)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l duration -d 'How long to run (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l seed -d 'The seed of all random numbers (default: a new one for each run, which the first document contains)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l graceful-share -d 'Share of faults that are shutdowns instead of power cuts (0 to 1)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l hang -d 'Make nodes hang instead of cutting their power; simulated nodes only'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l dry-run -d 'Print what would be done, write nothing'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l restore -d 'Only switch on the nodes that an interrupted run has left off'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand chaos" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l fix -d 'Apply the safe fixes: `setup`, and loading kernel modules'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l dry-run -d 'With --fix: show the changes as a diff and make none'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand events" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand events" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand events" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand events" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand events" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand events" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -l format -d 'The output format' -r -f -a "hosts\t'Lines for /etc/hosts'
ssh\t'Entries for ~/.ssh/config'
ansible\t'An Ansible inventory (INI)'
mpi\t'An MPI host file (Open MPI and MPICH)'
slurm\t'Nodes and a partition for slurm.conf'
json\t'JSON, as with --json'"
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand inventory" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand maxpi" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand maxpi" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand maxpi" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand maxpi" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand maxpi" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand maxpi" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setorder" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setorder" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setorder" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setorder" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setorder" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand setorder" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -l yes -d 'Do not ask'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand save" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -l yes -d 'Do not ask'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveorder" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -l yes -d 'Do not ask'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand saveusbboot" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -l yes -d 'Do not ask'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savepos" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -l yes -d 'Do not ask'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand savedefaults" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -l yes -d 'Do not ask for confirmation, although nodes may lose power'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand reset" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand completions" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand completions" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand completions" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand completions" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand completions" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand completions" -s h -l help -d 'Print help'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand help" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand help" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhat -n "__fish_clusterhat_using_subcommand help" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file, without this machine\'s configuration and hooks' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand help" -l lock-limit -d 'Wait at most this long for another process (seconds)' -r
complete -c clusterhat -n "__fish_clusterhat_using_subcommand help" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat -n "__fish_clusterhat_using_subcommand help" -s h -l help -d 'Print help'

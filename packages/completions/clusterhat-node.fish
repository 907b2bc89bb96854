# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_clusterhat_node_global_optspecs
    string join \n json root= h/help V/version
end

function __fish_clusterhat_node_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_clusterhat_node_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_clusterhat_node_using_subcommand
    set -l cmd (__fish_clusterhat_node_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -s V -l version -d 'Print version'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "up" -d 'Create the gadget as configured and bind it; a gadget that matches already is left alone'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "down" -d 'Unbind the gadget and remove it'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "status" -d 'Show the state of the gadget'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "setup" -d 'Prepare a card as a node: this machine\'s, or the one mounted at --root'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "undo" -d 'Undo what setup changed; changes made by others since are kept'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "agent" -d 'Answer the controller on the second serial port: status, shutdown, restart, identification'
complete -c clusterhat-node -n "__fish_clusterhat_node_needs_command" -f -a "help" -d 'Print this help, or the help of a command'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l id -d 'The node\'s ID, 1 to 252' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l boot -d 'How the node boots: card or usbboot [default: card]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l ethernet -d 'The Ethernet function: ncm, ecm or rndis [default: ncm; with usbboot: ecm]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l serial-ports -d 'Number of serial ports, 1 or 2 [default: 2]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l admin-console -d 'The former option for the number of serial ports: true for 2, false for 1' -r -f -a "true\t''
false\t''"
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l cluster -d 'Derive the MAC addresses from this cluster name [default: the vendor\'s addresses]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l udc -d 'The USB device controller [default: the only hardware one in /sys/class/udc]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l wait -d 'Wait at most TIME for the USB device controller or another process' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l dry-run -d 'Show what would be done without doing it'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand up" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand down" -l wait -d 'Wait at most TIME for another process' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand down" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand down" -l dry-run -d 'Show what would be done without doing it'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand down" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand down" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand status" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand status" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand status" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l id -d 'The node\'s ID, 1 to 252' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l boot-dir -d 'Mount point of the card\'s boot partition [default: boot/firmware or boot below the root]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l cluster -d 'Derive the MAC addresses from this cluster name, as `clusterhat network setup --cluster` does' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l subnet -d 'Network of the address that the node uses without a DHCP lease, as given to `clusterhat network setup --subnet` [default: unchanged, or 172.19.181.0/24]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l hostname -d 'Set the node\'s host name [default: unchanged]' -r
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l dry-run -d 'Show the changes as a diff without making them'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand setup" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand undo" -l boot-dir -d 'Mount point of the card\'s boot partition [default: boot/firmware or boot below the root]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand undo" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand undo" -l dry-run -d 'Show the changes as a diff without making them'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand undo" -l force -d 'Also discard later edits to lines that setup wrote'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand undo" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand agent" -l port -d 'The serial port; it may come and go' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand agent" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand agent" -l stdio -d 'Answer on standard input and output, until the input ends, for `ssh NODE clusterhat-node agent --stdio`'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand agent" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand agent" -s h -l help -d 'Print help'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand help" -l root -d 'Root directory of the node\'s system [default: /]' -r -F
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand help" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhat-node -n "__fish_clusterhat_node_using_subcommand help" -s h -l help -d 'Print help'

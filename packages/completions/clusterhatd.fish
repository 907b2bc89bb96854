# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_clusterhatd_global_optspecs
    string join \n listen= socket= state-dir= consoles-dir= config= root= sim= without-first-account json h/help V/version
end

function __fish_clusterhatd_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_clusterhatd_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_clusterhatd_using_subcommand
    set -l cmd (__fish_clusterhatd_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l listen -d 'Serve HTTPS at this address, such as 127.0.0.1:8443; port 0 = any free one [default: none; 127.0.0.1:8443 with --sim but no --socket]' -r
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l socket -d 'Serve this unix socket [default: /run/clusterhat/clusterhatd.sock; none with --sim]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l consoles-dir -d 'Keep the consoles\' logs in this folder [default: /var/log/clusterhat; with --sim a folder in the state folder]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l config -d 'Read this configuration instead of /etc/clusterhat/clusterhat.toml' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l sim -d 'Use simulated boards: v1.0 to v3.1, triple, mixed ..., or a JSON simulation file' -r
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l without-first-account -d 'Make no first account: clusterhatd setup makes it'
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -s h -l help -d 'Print help'
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -s V -l version -d 'Print version'
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -f -a "token" -d 'Make, show and remove API tokens'
complete -c clusterhatd -n "__fish_clusterhatd_needs_command" -f -a "setup" -d 'Serve HTTPS from now on: set it in the configuration, make the first account and start the service'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -s h -l help -d 'Print help'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -f -a "add" -d 'Make a token and print its secret, which is shown only once'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -f -a "list" -d 'Show the tokens that have not expired, without their secrets'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and not __fish_seen_subcommand_from add list remove" -f -a "remove" -d 'Remove a token, which is refused from then on'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from add" -l role -d 'What its holder may do: read-only, operator or administrator' -r
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from add" -l expires-in -d 'When it expires: after 30d, 24h, 90min or a number of seconds, for example (default: never)' -r
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from add" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from add" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from list" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from list" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from remove" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from remove" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand token; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l listen -d 'Serve HTTPS at this address; 0.0.0.0:8443 or [::]:8443 serves other machines, too' -r
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l dry-run -d 'Show what would be done, write nothing'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and not __fish_seen_subcommand_from undo" -f -a "undo" -d 'Switch HTTPS off again; accounts and tokens stay'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and __fish_seen_subcommand_from undo" -l state-dir -d 'Keep accounts, tokens and the certificate in this folder [default: /var/lib/clusterhatd; with --sim a temporary one, removed at the end]' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and __fish_seen_subcommand_from undo" -l root -d 'Use the files and devices below this directory' -r -F
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and __fish_seen_subcommand_from undo" -l dry-run -d 'Show what would be done, write nothing'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and __fish_seen_subcommand_from undo" -l json -d 'Print one JSON document, for errors too'
complete -c clusterhatd -n "__fish_clusterhatd_using_subcommand setup; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'

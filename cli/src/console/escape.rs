//! The escape sequences of the console, as in ssh(1): a tilde after a newline, then one character.

/// What `~?` shows.
pub(super) const HELP: &str = "\
~.  end this console; the node's session goes on
~B  send a break
~T  take over from the current writer, if clusterhatd shares the console
~?  show this help
~~  send a tilde
Escapes are recognised only after a newline.";

/// What typed bytes amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Send these bytes to the node.
    Send(Vec<u8>),
    /// Send a break.
    Break,
    /// Become the console's writer.
    TakeOver,
    /// Show [`HELP`].
    Help,
    /// End the command; the node's session continues.
    End,
}

/// The state of the recogniser, which may be fed in pieces of any size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// A newline was typed last, or nothing yet.
    AfterNewline,
    /// A tilde after that.
    AfterTilde,
    /// Anything else.
    Within,
}

impl Escapes {
    /// Feeds typed bytes and returns their meaning. Whatever follows an [end](Command::End) is discarded.
    pub(super) fn take(&mut self, typed: &[u8]) -> Vec<Command> {
        let mut commands = Vec::new();
        for &byte in typed {
            match (*self, byte) {
                (Self::AfterNewline, b'~') => *self = Self::AfterTilde,
                (Self::AfterTilde, b'.') => {
                    commands.push(Command::End);
                    break;
                }
                (Self::AfterTilde, b'B') => self.obey(Command::Break, &mut commands),
                (Self::AfterTilde, b'T') => self.obey(Command::TakeOver, &mut commands),
                (Self::AfterTilde, b'?') => self.obey(Command::Help, &mut commands),
                (state, byte) => {
                    // A tilde that begins no escape was meant as one.
                    if state == Self::AfterTilde && byte != b'~' {
                        send(b'~', &mut commands);
                    }
                    send(byte, &mut commands);
                    let ends_line = matches!(byte, b'\r' | b'\n');
                    *self = if ends_line { Self::AfterNewline } else { Self::Within };
                }
            }
        }
        commands
    }

    /// Another escape may follow immediately, as in ssh.
    fn obey(&mut self, command: Command, commands: &mut Vec<Command>) {
        commands.push(command);
        *self = Self::AfterNewline;
    }
}

fn send(byte: u8, commands: &mut Vec<Command>) {
    match commands.last_mut() {
        Some(Command::Send(bytes)) => bytes.push(byte),
        _ => commands.push(Command::Send(vec![byte])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(typed: &[u8]) -> Vec<Command> {
        // In every partition the same: byte by byte, and at once.
        let whole = Escapes::AfterNewline.take(typed);
        let mut escapes = Escapes::AfterNewline;
        let single = typed.iter().flat_map(|&byte| escapes.take(&[byte]));
        let joined = single.fold(Vec::new(), |mut all: Vec<Command>, command| {
            match (all.last_mut(), command) {
                (Some(Command::Send(bytes)), Command::Send(more)) => bytes.extend(more),
                (_, command) => all.push(command),
            }
            all
        });
        if whole.last() != Some(&Command::End) {
            assert_eq!(joined, whole);
        }
        whole
    }

    fn sent(bytes: &[u8]) -> Command {
        Command::Send(bytes.to_vec())
    }

    #[test]
    fn an_escape_counts_after_a_newline_only() {
        assert_eq!(commands(b"~."), [Command::End]);
        assert_eq!(commands(b"ls\r~.more"), [sent(b"ls\r"), Command::End]);
        assert_eq!(commands(b"a~.\n"), [sent(b"a~.\n")]);
        assert_eq!(
            commands(b"\n~B~?~."),
            [sent(b"\n"), Command::Break, Command::Help, Command::End]
        );
    }

    #[test]
    fn what_is_no_escape_is_sent_as_typed() {
        assert_eq!(commands(b"~~."), [sent(b"~.")]);
        assert_eq!(commands(b"~x~."), [sent(b"~x~.")]);
        assert_eq!(commands(b"~\r~."), [sent(b"~\r"), Command::End]);
        assert_eq!(commands(b"~b"), [sent(b"~b")]);
    }
}

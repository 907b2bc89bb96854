//! Escapes in what is typed, as ssh(1) has them: a tilde after a newline, and another character.

/// What `~?` shows.
pub(super) const HELP: &str = "\
~.  end this console; the node's session goes on
~B  send a break
~?  show this help
~~  send a tilde
An escape counts only after a newline.";

/// What somebody who types wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To send this to the node.
    Send(Vec<u8>),
    /// To send a break.
    Break,
    /// To see which escapes there are.
    Help,
    /// To end.
    End,
}

/// Finds escapes in what is typed, over any number of pieces.
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
    /// Takes what was typed, and adds what it means. Nothing that follows an end counts.
    pub(super) fn take(&mut self, typed: &[u8]) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for &byte in typed {
            match (*self, byte) {
                (Self::AfterNewline, b'~') => *self = Self::AfterTilde,
                (Self::AfterTilde, b'.') => {
                    wishes.push(Wish::End);
                    break;
                }
                (Self::AfterTilde, b'B') => self.obey(Wish::Break, &mut wishes),
                (Self::AfterTilde, b'?') => self.obey(Wish::Help, &mut wishes),
                (state, byte) => {
                    // A tilde that begins no escape was meant as one.
                    if state == Self::AfterTilde && byte != b'~' {
                        send(b'~', &mut wishes);
                    }
                    send(byte, &mut wishes);
                    let ends_line = matches!(byte, b'\r' | b'\n');
                    *self = if ends_line { Self::AfterNewline } else { Self::Within };
                }
            }
        }
        wishes
    }

    /// The next escape may follow at once.
    fn obey(&mut self, wish: Wish, wishes: &mut Vec<Wish>) {
        wishes.push(wish);
        *self = Self::AfterNewline;
    }
}

fn send(byte: u8, wishes: &mut Vec<Wish>) {
    match wishes.last_mut() {
        Some(Wish::Send(bytes)) => bytes.push(byte),
        _ => wishes.push(Wish::Send(vec![byte])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(typed: &[u8]) -> Vec<Wish> {
        // In every partition the same: byte by byte, and at once.
        let whole = Escapes::AfterNewline.take(typed);
        let mut escapes = Escapes::AfterNewline;
        let single = typed.iter().flat_map(|&byte| escapes.take(&[byte]));
        let joined = single.fold(Vec::new(), |mut all: Vec<Wish>, wish| {
            match (all.last_mut(), wish) {
                (Some(Wish::Send(bytes)), Wish::Send(more)) => bytes.extend(more),
                (_, wish) => all.push(wish),
            }
            all
        });
        if whole.last() != Some(&Wish::End) {
            assert_eq!(joined, whole);
        }
        whole
    }

    fn sent(bytes: &[u8]) -> Wish {
        Wish::Send(bytes.to_vec())
    }

    #[test]
    fn an_escape_counts_after_a_newline_only() {
        assert_eq!(wishes(b"~."), [Wish::End]);
        assert_eq!(wishes(b"ls\r~.more"), [sent(b"ls\r"), Wish::End]);
        assert_eq!(wishes(b"a~.\n"), [sent(b"a~.\n")]);
        assert_eq!(wishes(b"\n~B~?~."), [sent(b"\n"), Wish::Break, Wish::Help, Wish::End]);
    }

    #[test]
    fn what_is_no_escape_is_sent_as_typed() {
        assert_eq!(wishes(b"~~."), [sent(b"~.")]);
        assert_eq!(wishes(b"~x~."), [sent(b"~x~.")]);
        assert_eq!(wishes(b"~\r~."), [sent(b"~\r"), Wish::End]);
        assert_eq!(wishes(b"~b"), [sent(b"~b")]);
    }
}

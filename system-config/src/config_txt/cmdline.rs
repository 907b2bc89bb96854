//! Which file has the kernel's command line: Raspberry Pi's documentation of `config.txt`, "cmdline".

use std::collections::BTreeSet;

use super::{Model, Reach, read_by};

const DEFAULT: &str = "cmdline.txt";

/// The files that boards of these models may take it from, in lower case, as the firmware asks for them. A board takes the
/// last that `config.txt` names to it; an empty name is no file.
pub(crate) fn cmdline_files<'m>(
    config: &[u8],
    models: impl IntoIterator<Item = &'m Model>,
) -> BTreeSet<String> {
    let of_model = |model| {
        let mut files = vec![DEFAULT.to_owned()];
        read_by(config, model, |reach, _, line| {
            let Some(name) = line.setting("cmdline") else { return };
            if reach == Reach::Yes {
                files.clear();
            }
            files.push(name.trim().to_ascii_lowercase());
        });
        files
    };
    let mut files: BTreeSet<_> = models.into_iter().flat_map(of_model).collect();
    files.remove("");
    files
}

#[cfg(test)]
mod tests {
    use super::super::{every_model, zeros};
    use super::*;

    #[test]
    fn of_every_board_and_of_zeros() {
        for (config, of_every_board, of_zeros) in [
            ("dtparam=audio=on\n", &["cmdline.txt"][..], &["cmdline.txt"][..]),
            ("cmdline=a\n cmdline = B.txt \r\n", &["b.txt"], &["b.txt"]),
            ("[pi4]\ncmdline=a\n", &["a", "cmdline.txt"], &["cmdline.txt"]),
            ("[pi4]\ncmdline=\n", &["cmdline.txt"], &["cmdline.txt"]),
            ("cmdline=\n", &[], &[]),
            ("[pi4]\ncmdline=a\n[all]\ncmdline=b\n[pi0]\ncmdline=c\n", &["b", "c"], &["c"]),
            (
                "[pi02]\ncmdline=a\n[none]\ncmdline=b\n",
                &["a", "cmdline.txt"],
                &["a", "cmdline.txt"],
            ),
            ("[gpio4=1]\ncmdline=a\n", &["a", "cmdline.txt"], &["a", "cmdline.txt"]),
        ] {
            let found = cmdline_files(config.as_bytes(), every_model());
            assert!(found.iter().eq(of_every_board), "{config}: {found:?}");
            let found = cmdline_files(config.as_bytes(), zeros());
            assert!(found.iter().eq(of_zeros), "{config}: {found:?}");
        }
    }
}

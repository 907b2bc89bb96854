//! `node.toml` with other values, and everything else as it is.

use std::path::Path;

use node_link::text::{FileMessage, TomlText};

use super::NodeFile;

impl NodeFile {
    /// Changes the values of a file whose text is `old`, or of one that is not there yet. Gives the new
    /// values and the new text: comments and the order of lines stay, and so does every byte where nothing
    /// changes.
    ///
    /// # Errors
    /// As [`Self::parse`], and a file that is not UTF-8.
    pub fn edit(
        old: Option<&[u8]>,
        path: &Path,
        change: impl FnOnce(&mut Self),
    ) -> Result<(Self, String), FileMessage> {
        let text = TomlText::of_bytes(path, old.unwrap_or_default())?.as_str();
        let (file, _) = Self::parse(text, path)?;
        let mut wanted = file.clone();
        change(&mut wanted);
        if old.is_none() {
            let text = wanted.to_toml();
            return Ok((wanted, text));
        }
        let mut edited = text.to_owned();
        // The last is inserted on top: as in a file of ours, the ID comes first.
        for ((key, was), (_, value)) in file.values().into_iter().zip(wanted.values()).rev() {
            if let Some(value) = value.filter(|value| was.as_ref() != Some(value)) {
                edited = with(&edited, key, &value);
            }
        }
        // A line may be written in a way that only a TOML parser sees through.
        let is_right = Self::parse(&edited, path).is_ok_and(|(file, _)| file == wanted);
        let text = if is_right { edited } else { wanted.to_toml() };
        Ok((wanted, text))
    }
}

/// With this value of a key: in its line, or in a new first one. What stands behind the old value stays.
fn with(text: &str, key: &str, value: &str) -> String {
    let mut missing = true;
    let mut new: String = text
        .split_inclusive('\n')
        .map(|line| match line.split_once('=') {
            Some((name, old)) if name.trim() == key => {
                missing = false;
                let blank = old.len() - old.trim_start().len();
                let end = old.find('#').unwrap_or(old.len());
                let rest = &old[old[..end].trim_end().len()..];
                format!("{name}={}{value}{rest}", &old[..blank.min(end)])
            }
            _ => line.to_owned(),
        })
        .collect();
    if missing {
        new.insert_str(0, &format!("{key} = {value}\n"));
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(old: &[u8], id: &str) -> Result<String, FileMessage> {
        let change = |file: &mut NodeFile| file.id = id.parse().ok();
        NodeFile::edit(Some(old), Path::new("node.toml"), change).map(|(_, text)| text)
    }

    #[test]
    fn what_is_so_already_stays_to_the_byte() {
        let text = "id=3# mine\r\nfuture = 1";
        assert_eq!(edit(text.as_bytes(), "3").unwrap(), text);
    }

    #[test]
    fn comments_and_unknown_keys_stay() {
        let edited = edit(b"# mine\nid = 3  # the third\nfuture = 1\n", "4").unwrap();
        assert_eq!(edited, "# mine\nid = 4  # the third\nfuture = 1\n");
        assert_eq!(edit(b"# mine\n", "4").unwrap(), "id = 4\n# mine\n");
        assert_eq!(
            edit(b"\"id\" = 3\n", "4").unwrap(),
            NodeFile { id: "4".parse().ok(), ..NodeFile::default() }.to_toml()
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_refused_by_its_line() {
        let error = edit(b"id = 3\n# \xff\n", "3").unwrap_err();
        assert_eq!(error.to_string(), "node.toml:2: not UTF-8: save this file as UTF-8");
        let error = edit(b"id = 999\n", "3").unwrap_err().to_string();
        assert!(error.starts_with("node.toml:1: ") && error.contains("1 to 252"), "{error}");
    }
}

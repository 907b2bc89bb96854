//! The page's files, as they were when the daemon was built.

/// A file.
#[derive(Clone, Copy)]
pub(super) struct Asset {
    /// Its name below `page/`.
    pub(super) name: &'static str,
    /// Its content.
    pub(super) plain: &'static [u8],
    /// The same, compressed.
    pub(super) gzip: &'static [u8],
}

/// All files.
pub(super) const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

impl Asset {
    /// The file with this name.
    #[must_use]
    pub(super) fn find(name: &str) -> Option<Self> {
        ASSETS.iter().copied().find(|asset| asset.name == name)
    }

    /// What a browser is told that it is. Nothing of the page is of any other kind.
    #[must_use]
    pub(super) fn media_type(self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_before_a_console_is_opened() {
        let first = ASSETS.iter().filter(|asset| !asset.name.starts_with("terminal/"));
        let size: usize = first.map(|asset| asset.gzip.len()).sum();
        assert!((10_000..60_000).contains(&size), "{size}");
    }

    /// Seen: a browser's console had a 404 for each console that was opened, where the page was built without the emulator.
    #[test]
    fn the_terminal_or_that_there_is_none_can_be_loaded() {
        let terminal =
            std::str::from_utf8(Asset::find("terminal/terminal.js").unwrap().plain).unwrap();
        assert!(terminal.contains("export"), "{terminal}");
    }

    /// A Content-Security-Policy without inline scripts and styles would not obey them.
    #[test]
    fn nothing_is_inline_or_from_elsewhere() {
        let index = std::str::from_utf8(Asset::find("index.html").unwrap().plain).unwrap();
        assert!(!index.contains("style=") && !index.contains("<style") && !index.contains(" on"));
        for script in index.split("<script").skip(1) {
            assert!(script.contains("src=\"page/") && script.contains("></script>"), "{script}");
        }
        let own = ASSETS.iter().filter(|asset| !asset.name.starts_with("terminal/"));
        for asset in own {
            let text = std::str::from_utf8(asset.plain).unwrap();
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!text.contains(word), "{} has {word}", asset.name);
            }
            let addresses = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !addresses.contains("http://") && !addresses.contains("https://"),
                "{}",
                asset.name
            );
        }
    }
}

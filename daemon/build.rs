//! Embeds the page: every file below `page/`, compressed, as a table that `src/page/assets.rs` includes. The terminal emulator
//! is there where `packages/page` has bundled it (`page/terminal/`).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The terminal emulator.
const TERMINAL: &str = "terminal/terminal.js";

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let folder = Path::new("page");
    // A folder counts as changed where anything below it is.
    println!("cargo::rerun-if-changed=page");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut table = String::from("&[\n");
    for file in files(folder)? {
        let name = file.strip_prefix(folder)?.to_str().ok_or("a file's name is not UTF-8")?;
        table.push_str(&entry(name, &file, &out)?);
    }
    if !folder.join(TERMINAL).exists() {
        // Asked for by the page: it is told that there is none.
        let none = out.join("no-terminal.js");
        fs::write(&none, "export const terminal = null;\n")?;
        table.push_str(&entry(TERMINAL, &none, &out)?);
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// A file's entry in the table.
fn entry(name: &str, file: &Path, out: &Path) -> Result<String, Error> {
    let compressed = out.join(format!("{}.gz", name.replace('/', "+")));
    let mut encoder = GzEncoder::new(fs::File::create(&compressed)?, Compression::best());
    encoder.write_all(&fs::read(file)?)?;
    encoder.finish()?;
    let plain = fs::canonicalize(file)?;
    Ok(format!(
        "    Asset {{ name: {name:?}, plain: include_bytes!({plain:?}), gzip: include_bytes!({compressed:?}) }},\n"
    ))
}

/// All files below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

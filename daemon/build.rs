//! Embeds the page: every file below `page/`, compressed, as a table that `src/page/assets.rs` includes. The terminal emulator
//! is there where `packages/page` has bundled it (`page/terminal/`).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let folder = Path::new("page");
    // A folder counts as changed where anything below it is.
    println!("cargo::rerun-if-changed=page");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut table = String::from("&[\n");
    for file in files(folder)? {
        let name =
            file.strip_prefix(folder)?.to_str().ok_or("a file's name is not UTF-8")?.to_owned();
        let content = fs::read(&file)?;
        let compressed = out.join(format!("{}.gz", name.replace('/', "+")));
        let mut encoder = GzEncoder::new(fs::File::create(&compressed)?, Compression::best());
        encoder.write_all(&content)?;
        encoder.finish()?;
        let plain = fs::canonicalize(&file)?;
        table.push_str(&format!(
            "    Asset {{ name: {name:?}, plain: include_bytes!({plain:?}), gzip: include_bytes!({compressed:?}) }},\n"
        ));
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
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

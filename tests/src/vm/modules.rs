//! Picks kernel modules and those they need out of an unpacked kernel package.
//!
//! The packages carry no index (installing makes it), so that what a module needs is read from the
//! module itself: its `.modinfo` section holds a line `depends=a,b`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::tools::{self, XZ, context};

/// A module to go into the guest.
#[derive(Debug)]
pub(crate) struct Module {
    /// Below `lib/modules/VERSION`, uncompressed: `kernel/drivers/i2c/i2c-dev.ko`.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    depends: Vec<String>,
}

/// The modules of a kernel by name, with `_` for `-`.
pub(crate) type Closure = BTreeMap<String, Module>;

/// The named modules and all that they need, without those built into the kernel.
///
/// # Errors
/// If a module is neither in `root` (the package's `lib/modules/VERSION`) nor built in.
pub(crate) fn closure(root: &Path, names: &[&str]) -> io::Result<Closure> {
    let mut files = BTreeMap::new();
    list(&root.join("kernel"), &mut files)?;
    let builtin = builtin(root)?;
    let mut found = Closure::new();
    let mut wanted: Vec<String> = names.iter().map(|name| canonical(name)).collect();
    while let Some(name) = wanted.pop() {
        if found.contains_key(&name) || builtin.contains(&name) {
            continue;
        }
        let file = files.get(&name).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("no module {name} below {}", root.display()),
            )
        })?;
        let module = load(root, file)?;
        wanted.extend(module.depends.iter().cloned());
        found.insert(name, module);
    }
    Ok(found)
}

/// The modules in an order in which each comes after those it needs.
pub(crate) fn in_order(closure: &Closure) -> Vec<&Module> {
    fn visit<'a>(
        name: &str,
        closure: &'a Closure,
        left: &mut BTreeSet<&str>,
        order: &mut Vec<&'a Module>,
    ) {
        // What is built in is not there; what is no longer left has been put in.
        let Some(module) = closure.get(name).filter(|_| left.remove(name)) else { return };
        for needed in &module.depends {
            visit(needed, closure, left, order);
        }
        order.push(module);
    }
    let mut left: BTreeSet<&str> = closure.keys().map(String::as_str).collect();
    let mut order = Vec::new();
    for name in closure.keys() {
        visit(name, closure, &mut left, &mut order);
    }
    order
}

fn load(root: &Path, file: &Path) -> io::Result<Module> {
    let below = file.strip_prefix(root).map_err(io::Error::other)?.display().to_string();
    let content = match below.rsplit_once('.') {
        Some((_, "xz")) => tools::stdout(XZ.command()?.arg("-dc").arg(file))?,
        _ => fs::read(file).map_err(|e| context(e, file.display()))?,
    };
    let path = below.trim_end_matches(".xz").to_owned();
    Ok(Module { depends: depends(&content), path, content })
}

/// The names in the `depends=` line of `.modinfo`.
fn depends(content: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = content.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let value = content[at + KEY.len()..].split(|byte| *byte == 0).next().unwrap_or_default();
    let value = String::from_utf8_lossy(value);
    value.split(',').filter(|name| !name.is_empty()).map(canonical).collect()
}

/// All module files below a folder, by module name.
fn list(dir: &Path, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir).map_err(|e| context(e, dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if let Some((stem, "" | ".xz")) = file_name(&path).split_once(".ko") {
            files.insert(canonical(stem), path);
        }
    }
    Ok(())
}

fn builtin(root: &Path) -> io::Result<Vec<String>> {
    let path = root.join("modules.builtin");
    let text = fs::read_to_string(&path).map_err(|e| context(e, path.display()))?;
    Ok(text
        .lines()
        .map(|line| canonical(file_name(Path::new(line)).trim_end_matches(".ko")))
        .collect())
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_comes_once_and_after_those_it_needs() {
        let module = |name: &str, depends: &[&str]| {
            let depends = depends.iter().map(|&needed| needed.to_owned()).collect();
            (name.to_owned(), Module { path: name.to_owned(), content: Vec::new(), depends })
        };
        let closure = Closure::from([
            module("a", &["c", "b"]),
            module("b", &["c"]),
            module("c", &["builtin"]),
        ]);
        let order: Vec<_> = in_order(&closure).iter().map(|module| &*module.path).collect();
        assert_eq!(order, ["c", "b", "a"]);
    }

    #[test]
    fn modinfo_names_what_a_module_needs() {
        assert_eq!(
            depends(b"\x7fELF\0license=GPL\0depends=usbcore,i2c-core\0vermagic=6.1\0"),
            ["usbcore", "i2c_core"]
        );
        assert!(depends(b"\0depends=\0").is_empty());
        assert!(depends(b"\x7fELF").is_empty());
    }
}

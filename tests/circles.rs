//! Within a crate no module imports another that imports it, directly or through others: what two of them need is in a
//! third one below them.
//!
//! A module imports where it names something of another, by a `use` or by a path. Re-exports are followed to where a
//! thing is; a parent that re-exports what its children have does not import them. Unit tests are left out, and so is
//! what macros are given.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

const CRATES: [&str; 8] = [
    "cli",
    "cluster",
    "daemon",
    "gadget-config",
    "hat-driver",
    "node",
    "node-link",
    "system-config",
];

/// A module by its path below the crate: `["linux", "error"]`.
type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// What one file names.
#[derive(Default)]
struct Names {
    /// What `use` brings in, by the name that it has here.
    uses: BTreeMap<String, Vec<String>>,
    /// Names that are public again, though their owner is a module of this one.
    reexports: BTreeSet<String>,
    /// All other paths.
    paths: Vec<Vec<String>>,
}

impl Names {
    fn of(file: &syn::File) -> Self {
        let mut names = Self::default();
        names.visit_file(file);
        names
    }

    fn add(&mut self, tree: &UseTree, mut path: Vec<String>, is_public: bool) {
        let (name, ident) = match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                return self.add(&tree.tree, path, is_public);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.add(tree, path.clone(), is_public));
            }
            UseTree::Name(tree) => (&tree.ident, &tree.ident),
            UseTree::Rename(tree) => (&tree.rename, &tree.ident),
            // All of a module, such as `super::*`.
            _ => return self.paths.push(path),
        };
        let is_module_itself = ident == "self";
        if !is_module_itself {
            path.push(ident.to_string());
        }
        let name = if is_module_itself { path[path.len() - 1].clone() } else { name.to_string() };
        if is_public {
            self.reexports.insert(name.clone());
        }
        self.uses.insert(name, path);
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        let list = attribute.meta.require_list().map(|list| list.tokens.to_string());
        attribute.path().is_ident("cfg") && list.is_ok_and(|tokens| tokens == "test")
    };
    attributes.iter().any(is_test)
}

impl Visit<'_> for Names {
    fn visit_item(&mut self, item: &Item) {
        match item {
            Item::Mod(module) if is_test(&module.attrs) => {}
            Item::Use(item) => {
                self.add(&item.tree, Vec::new(), !matches!(item.vis, Visibility::Inherited));
            }
            item => visit::visit_item(self, item),
        }
    }

    /// `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &Visibility) {}

    fn visit_path(&mut self, path: &syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// The modules of one crate, by their files.
struct Modules(BTreeMap<Module, Names>);

impl Modules {
    fn read(source: &Path) -> Self {
        let mut modules = BTreeMap::new();
        for path in files(source) {
            let below = path.strip_prefix(source).expect("a file below").with_extension("");
            let mut module: Module =
                below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if ["lib", "main", "mod"].contains(&module[module.len() - 1].as_str()) {
                module.pop();
            }
            let text = fs::read_to_string(&path).expect("a file that can be read");
            let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            modules.insert(module, Names::of(&file));
        }
        Self(modules)
    }

    /// A path from the top of the crate; `None` where it leads to another crate, or says nothing of modules.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let child = [&module[..], std::slice::from_ref(first)].concat();
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat())
            }
            _ if self.0.contains_key(&child) => Some([&child, rest].concat()),
            name => match self.0[module].uses.get(name) {
                Some(used) if used[0] != *name => {
                    Some([self.absolute(module, used)?, rest.to_vec()].concat())
                }
                _ => None,
            },
        }
    }

    /// The module that has what a path from the top leads to; `None` where that is another crate's.
    fn owner(&self, path: &[String]) -> Option<Module> {
        let mut at = path.len();
        while !self.0.contains_key(&path[..at]) {
            at -= 1;
        }
        let (module, rest) = (path[..at].to_vec(), &path[at..]);
        match rest.first().and_then(|name| self.0[&module].uses.get(name)) {
            None => Some(module),
            Some(used) => {
                let next = self.absolute(&module, used)?;
                if next == path {
                    Some(module)
                } else {
                    self.owner(&[&next[..], &rest[1..]].concat())
                }
            }
        }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, names) in &self.0 {
            let used = names.uses.iter().filter_map(|(name, path)| {
                let owner = self.owner(&self.absolute(module, path)?)?;
                let is_child_s = names.reexports.contains(name) && owner.starts_with(module);
                (!is_child_s).then_some(owner)
            });
            let named =
                names.paths.iter().filter_map(|path| self.owner(&self.absolute(module, path)?));
            let others = used.chain(named).filter(|owner| owner != module).collect();
            imports.insert(module.clone(), others);
        }
        imports
    }
}

/// The source files, but for those of unit tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let is_source = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem != "tests");
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
        false => Vec::new(),
    };
    entries.filter(is_source).flat_map(below).collect()
}

/// Takes away, again and again, what imports nothing that is left and what nothing that is left imports: the rest is in
/// a circle, or between two.
fn circles(mut imports: Imports) -> Vec<String> {
    loop {
        let left: BTreeSet<_> = imports.keys().cloned().collect();
        let imported: BTreeSet<_> = imports.values().flatten().cloned().collect();
        imports.values_mut().for_each(|others| others.retain(|other| left.contains(other)));
        imports.retain(|module, others| !others.is_empty() && imported.contains(module));
        if imports.len() == left.len() {
            break;
        }
    }
    let arrow = |(module, others): (&Module, &BTreeSet<Module>)| {
        let others: Vec<_> = others.iter().map(|other| other.join("::")).collect();
        format!("{} imports {}", module.join("::"), others.join(", "))
    };
    imports.iter().map(arrow).collect()
}

#[test]
fn no_module_imports_another_in_a_circle() {
    for name in CRATES {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        let imports = Modules::read(&source).imports();
        assert!(
            imports.values().flatten().count() > imports.len() / 2,
            "{name}: hardly any import found"
        );
        let found = circles(imports);
        assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
    }
}

#[test]
fn a_circle_is_found_through_reexports_and_without_a_use() {
    let modules = |sources: &[(&str, &str)]| {
        let parsed = sources.iter().map(|(module, text)| {
            let module = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
            (module.collect(), Names::of(&syn::parse_file(text).expect("a source")))
        });
        circles(Modules(parsed.collect()).imports())
    };
    let root = ("", "mod a; mod b; pub use a::A; pub use b::B;");
    assert_eq!(
        modules(&[root, ("a", "use crate::B; pub struct A;"), ("b", "pub struct B;")]),
        <[String; 0]>::default()
    );
    assert_eq!(
        modules(&[root, ("a", "use crate::B; pub struct A;"), ("b", "pub struct B(super::a::A);")]),
        ["a imports b", "b imports a"]
    );
    // A test may look at anything.
    let tests = "pub(super) struct B; #[cfg(test)] mod tests { use crate::A; }";
    assert_eq!(
        modules(&[root, ("a", "use crate::B; pub struct A;"), ("b", tests)]),
        <[String; 0]>::default()
    );
}

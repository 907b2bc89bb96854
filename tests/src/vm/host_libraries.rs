//! The shared libraries of programs that were built on this host. A guest has those of its own
//! Debian, whose C library does for all that was built against an older one; where the host's is the
//! newer one, it goes into the guest.

use std::{collections::BTreeSet, fs, io, path::Path};

use super::{
    cpio::Archive,
    packages::Unpacked,
    programs::{add_libraries, read},
    tools::LDD,
};

/// Where programs look for their dynamic linker.
const LINKER: &str = "/lib64/ld-linux-x86-64.so.2";

/// The C library's name.
const C_LIBRARY: &str = "libc.so.6";

/// What a guest has: also the C library's mathematical functions, and what unwinds a panic.
pub(super) const GUESTS: [&str; 3] = [C_LIBRARY, "libm.so.6", "libgcc_s.so.1"];

/// Puts a guest's own C library into an archive, and the dynamic linker where programs look for it.
///
/// # Errors
/// If Debian's packages lack it.
pub(super) fn add_guests(archive: &mut Archive, debian: &Unpacked) -> io::Result<()> {
    archive.file(LINKER, &read(&debian.loader)?);
    for name in GUESTS {
        let library = debian.libraries().join(name);
        let guest = format!("/usr/lib/x86_64-linux-gnu/{name}");
        archive.file(&guest, &read(&library)?);
        add_libraries(archive, debian, &[&library])?;
    }
    Ok(())
}

/// Which symbols the C library of these packages has.
///
/// # Errors
/// If they lack it.
pub(super) fn guests_version(debian: &Unpacked) -> io::Result<u32> {
    Ok(version(&read(&debian.libraries().join(C_LIBRARY))?))
}

/// Puts what these programs of the host load into an archive, if the guest's C library is too old
/// for it.
///
/// # Errors
/// If a library is missing.
pub(super) fn add_hosts(archive: &mut Archive, of: &[&Path], guests: u32) -> io::Result<()> {
    let mut libraries = BTreeSet::new();
    for program in of {
        libraries.extend(loaded_by(program)?);
    }
    let c_library = libraries.iter().find(|path| path.ends_with(C_LIBRARY));
    let Some(c_library) = c_library else { return Ok(()) };
    if version(&read(Path::new(c_library))?) <= guests {
        return Ok(());
    }
    for library in &libraries {
        archive.file(library, &read(Path::new(library))?);
    }
    Ok(())
}

/// The shared libraries that a program loads; none for what is not a program or is linked statically.
fn loaded_by(program: &Path) -> io::Result<Vec<String>> {
    // What ldd says of a file that is not there is not an error of its own.
    fs::metadata(program)?;
    let output = LDD.command()?.arg(program).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("not found") {
        return Err(io::Error::other(format!("{} lacks a library: {text}", program.display())));
    }
    let words = text.split_whitespace();
    Ok(words.filter(|w| w.starts_with('/') && w.contains(".so")).map(str::to_owned).collect())
}

/// The newest version of symbols that a C library has: 41 of `GLIBC_2.41`.
fn version(c_library: &[u8]) -> u32 {
    const MARK: &[u8] = b"GLIBC_2.";
    let marks = c_library.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let number = |(at, _): (usize, &[u8])| {
        let digits = c_library[at + MARK.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number: u32, digit| number.saturating_mul(10) + u32::from(digit - b'0'))
    };
    marks.map(number).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbols_tell_the_version() {
        assert_eq!(version(b"\0GLIBC_2.2.5\0GLIBC_2.36\0GLIBC_2.9\0GLIBC_PRIVATE\0"), 36);
        assert_eq!(version(b"no C library"), 0);
    }
}

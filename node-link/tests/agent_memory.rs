//! A line that never ends takes no memory. Alone in its process, whose memory it looks at.

mod memory;

use node_link::agent::{Call, LineReader};

use memory::peak_kib;

#[test]
fn a_hundred_megabytes_without_newline_take_no_memory() {
    let mut reader = LineReader::default();
    let bytes = [b'{'; 4096];
    reader.push(&bytes, |_| {});
    let before = peak_kib();
    for _ in 0..100_000_000 / bytes.len() {
        reader.push(&bytes, |_| panic!("no line"));
    }
    assert!(peak_kib() < before + 1024, "{} KiB, then {} KiB", before, peak_kib());
    let mut lines = Vec::new();
    reader
        .push(b"\n{\"v\":1,\"id\":1,\"do\":\"hello\"}\n", |line| lines.push(Call::from_line(line)));
    assert!(matches!(lines[..], [Ok(_)]), "{lines:?}");
}

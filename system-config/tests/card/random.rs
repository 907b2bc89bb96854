//! Whatever is in the two files of the boot partition, undo gives it back.

use proptest::prelude::*;
use system_config::card::CardRequest;
use system_config::changes::{self, Changed};

use crate::tree::{Card, plan_at};

fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "",
        "# a comment",
        "dtparam=audio=on",
        "dtparam=dr_mode=host",
        "dtoverlay=dwc2",
        "dtoverlay=dwc2,dr_mode=host",
        "dtoverlay=dwc2,dr_mode=peripheral",
        "  dtoverlay = dwc2 , dr_mode = otg",
        "dtoverlay=dwc-otg",
        "dtoverlay=",
        "include extra.txt",
        "cmdline=cmdline.txt",
        "[all]",
        "[none]",
        "[pi0]",
        "[pi02]",
        "[ pi0w ]",
        "[pi4]",
        "[CM4]",
        "[board-type=0x12]",
        "[board-type=zero]",
        "[gpio4=1]",
        "[0x12345678]",
        "[EDID=A-B]",
        "[",
        "[]",
    ]);
    prop_oneof![
        4 => known.prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>().prop_filter("ends a line", |b| *b != b'\n'), 0..20),
    ]
}

fn config() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec((line(), prop::bool::ANY), 0..16);
    (lines, any::<bool>(), any::<bool>()).prop_map(|(lines, crlf, finished)| {
        let mut text = Vec::new();
        for (line, mixed) in lines {
            text.extend(line);
            text.extend(if crlf || mixed { &b"\r\n"[..] } else { b"\n" });
        }
        if !finished && text.ends_with(b"\n") {
            text.pop();
        }
        text
    })
}

fn cmdline() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "console=serial0,115200",
        "modules-load=dwc2,g_ether",
        "modules_load=i2c-dev,g-serial",
        "rd.modules-load=dwc2",
        "modules-load=",
        "a=\"b modules-load=g_ether\"",
        "\"",
        "=",
    ]);
    let gap = prop::sample::select(vec![" ", "  ", "\t"]);
    let end = prop::sample::select(vec!["", "\n", "\r\n", "\nsecond line\n", " "]);
    (prop::collection::vec((gap, word), 0..8), end).prop_map(|(words, end)| {
        words.into_iter().flat_map(|(gap, word)| [gap, word]).chain([end]).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn undo_is_the_way_back(config in config(), cmdline in cmdline(), id in 1_u8..=252) {
        let card = Card::stock("trixie");
        card.write("boot/config.txt", &config);
        card.write("boot/cmdline.txt", &cmdline);
        let before = card.tree();
        let sysroot = card.sysroot();
        let request = CardRequest::new(id.try_into().unwrap());
        let plan = || plan_at(&sysroot, request.clone(), |_| {}).unwrap();
        plan().apply(&sysroot).unwrap();
        prop_assert_eq!(plan().diff(), "");
        prop_assert!(card.read("boot/cmdline.txt").matches("console=serial0").count()
            == cmdline.matches("console=serial0").count());
        changes::undo(&sysroot, Changed::Refuse).unwrap();
        prop_assert_eq!(card.tree(), before);
    }
}

//! What `--dry-run` shows on stock systems, against golden files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use clusterhat_tests::golden;
use system_config::changes::{Changed, undo};
use system_config::controller::{ControllerRequest, Membership};

use crate::tree::{Card, assert_same};
use crate::{INIT, plan, stock, sysroot};

#[track_caller]
fn check(name: &str, card: &Card, request: &ControllerRequest) {
    let before = card.tree();
    let plan_now = plan(card, request);
    let folder = format!("{}/", card.path("").display().to_string().trim_end_matches('/'));
    let mut found = plan_now.diff().replace(&folder, "");
    for note in plan_now.notes() {
        found += &format!("note: {}\n", note.replace(&folder, ""));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/controller/cases");
    golden::assert(&folder.join(name), found);
    plan_now.apply(&sysroot(card)).unwrap();
    assert_eq!(plan(card, request).diff(), "", "a second time there is nothing to do");
    undo(&sysroot(card), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn stock_systems() {
    for name in ["bookworm", "trixie"] {
        let card = stock(name);
        card.mode("boot/config.txt", 0o750);
        check(&format!("{name}.diff"), &card, &ControllerRequest::default());
    }
}

/// The vendor's image of January 2026: bit-banged I2C for the models up to the Pi 4, since their controllers
/// do not keep to clock stretching.
#[test]
fn the_vendors_image() {
    let gpio = "dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3";
    let i2c: String = (0..5).map(|model| format!("[pi{model}]\n{gpio}\n")).collect();
    let card = stock("trixie");
    card.write(
        "boot/config.txt",
        format!(
            "{}\nenable_uart=1\n{i2c}[pi5]\ndtparam=i2c_arm=on\n[all]\ndtoverlay=dwc2,dr_mode=host\n\
             [pi4]\notg_mode=1 # Controller only\n[cm4]\notg_mode=0 # Unless CM4\n[all]\n",
            card.read("boot/config.txt")
        ),
    );
    check("vendor.diff", &card, &ControllerRequest::default());
    for model in ["Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 5 Model B Rev 1.0"] {
        check(
            "vendor.diff",
            &card,
            &ControllerRequest { model: Some(model.into()), ..ControllerRequest::default() },
        );
    }
}

#[test]
fn everything_that_can_be_asked_for() {
    let member = Membership { user: "lab".to_owned(), group: "i2c".to_owned() };
    let request = ControllerRequest {
        serial_console: true,
        members: vec![member],
        ..ControllerRequest::default()
    };
    check("serial-console.diff", &stock("trixie"), &request);
}

#[test]
fn a_model_that_needs_no_host_role() {
    let model = Some("Raspberry Pi 3 Model B Rev 1.2".to_owned());
    check(
        "pi3.diff",
        &stock("trixie"),
        &ControllerRequest { model, ..ControllerRequest::default() },
    );
}

#[test]
fn a_system_without_the_package_is_told() {
    let card = stock("trixie");
    fs::remove_file(card.path(INIT)).unwrap();
    check("no-package.diff", &card, &ControllerRequest::default());
}

/// As on Debian where nobody made `/etc/modules`.
#[test]
fn a_list_of_modules_that_leads_nowhere_is_none() {
    let card = stock("trixie");
    fs::remove_file(card.path("root/etc/modules")).unwrap();
    fs::create_dir_all(card.path("root/etc/modules-load.d")).unwrap();
    symlink("../modules", card.path("root/etc/modules-load.d/modules.conf")).unwrap();
    check("trixie.diff", &card, &ControllerRequest::default());
}

/// Another board's system, or a container.
#[test]
fn a_system_without_a_boot_partition() {
    let card = stock("trixie");
    fs::remove_dir_all(card.path("boot")).unwrap();
    let root = system_config::controller::sysroot(&card.path("root"), None).unwrap();
    let system = system_config::controller::read(&root).unwrap();
    let plan = system_config::controller::plan(&ControllerRequest::default(), &system);
    assert!(plan.notes().iter().any(|note| note.contains("no config.txt")), "{plan:?}");
    plan.apply(&root).unwrap();
}

/// Seen: parameters went into `cmdline.txt`, of which the kernel heard nothing.
#[test]
fn a_command_line_of_another_name() {
    let request = ControllerRequest { serial_console: true, ..ControllerRequest::default() };
    let set_up = |named: &str, model: Option<&str>| {
        let card = stock("trixie");
        let config = card.read("boot/config.txt");
        card.write("boot/config.txt", format!("{named}\n[all]\n{config}"));
        for file in ["boot/cmdline.txt", "boot/Other.txt"] {
            card.write(file, "console=tty1 rootwait\n");
        }
        let request = ControllerRequest { model: model.map(str::to_owned), ..request.clone() };
        plan(&card, &request).apply(&sysroot(&card)).unwrap();
        ["boot/cmdline.txt", "boot/Other.txt"]
            .map(|file| card.read(file).contains("console=serial0,115200"))
    };
    let pi = |number: u8| format!("Raspberry Pi {number} Model B Rev 1.0");
    assert_eq!(set_up("cmdline=other.txt", None), [false, true]);
    assert_eq!(set_up("[pi4]\ncmdline=other.txt", Some(&pi(4))), [false, true]);
    assert_eq!(set_up("[pi4]\ncmdline=other.txt", Some(&pi(5))), [true, false]);
    assert_eq!(set_up("[pi4]\ncmdline=other.txt", None), [true, true], "a card for any board");
}

//! The vendor's `/etc/default/clusterctrl`.

use super::*;

#[test]
fn the_vendors_own_file() {
    let text = "#\n# ClusterCTRL\n#\n\n#CLUSTERHATV1=\"1-1.2\"   # top left\nLINK=1\n\n\
                #CLUSTERHAT_SIZE=4\nFANGPIO=18\nTYPE=cnat\n";
    let settings = good(&vendor(text));
    assert_eq!(settings.role, Role::ControllerNat);
    assert_eq!(settings.fan_gpio, Some(18));
    assert_eq!(settings.delay, ms(1000));
    let legacy = settings.legacy.unwrap();
    assert!(legacy.link);
    assert_eq!((legacy.size, legacy.force, legacy.v1_usb_path), (None, None, None));
}

#[test]
fn every_key() {
    let text = "type = 'c'\nID=\"7\"\nClusterHat_Size=2 # two\nCLUSTERHAT_FORCE=\"1.3\"\n\
                CLUSTERHATV1=\"1-1.1.2\" # 3B+\nCLUSTERCTRL_DELAY=0.5\nfangpio=12\n";
    let settings = good(&vendor(text));
    assert_eq!(settings.role, Role::Controller);
    assert_eq!(settings.size, Some(2));
    assert_eq!(settings.force, Some((1, 3)));
    assert_eq!(settings.delay, ms(500));
    assert_eq!(settings.fan_gpio, Some(12));
    let legacy = settings.legacy.unwrap();
    assert_eq!(legacy.id.as_deref(), Some("7"));
    assert!(!legacy.link);
    assert_eq!(legacy.force.unwrap().text, "1.3");
    assert_eq!(legacy.v1_usb_path.as_deref(), Some("1-1.1.2"));
    assert_eq!(legacy.delay, Some(ms(500)));
}

#[test]
fn roles() {
    let table = [
        ("TYPE=c", Role::Controller, false),
        ("TYPE=cnat", Role::ControllerNat, false),
        ("TYPE=\"cnat\" # x", Role::ControllerNat, false),
        ("TYPE=node\nID=3", Role::Node, true),
        ("TYPE=usbboot", Role::UsbBoot, true),
        ("TYPE=C", Role::Other("C".into()), false),
        ("TYPE=", Role::Unset, false),
        ("TYPE=c\nTYPE=node", Role::Node, true),
        ("", Role::Unset, false),
    ];
    for (text, role, node) in table {
        let settings = good(&vendor(text));
        assert_eq!(settings.role, role, "{text}");
        assert_eq!(settings.role.is_node(), node, "{text}");
    }
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let table = [
        ("CLUSTERHAT_SIZE=9", "ctrl:1: CLUSTERHAT_SIZE = 9: a HAT has 4 nodes; 4 is used"),
        (
            "\nCLUSTERCTRL_DELAY=x",
            "ctrl:2: CLUSTERCTRL_DELAY = x is ignored: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "CLUSTERCTRL_DELAY=-1",
            "ctrl:1: CLUSTERCTRL_DELAY = -1 is ignored: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "CLUSTERHAT_SIZ=2",
            "ctrl:1: unknown key \"CLUSTERHAT_SIZ\" is ignored; did you mean \"CLUSTERHAT_SIZE\"?",
        ),
        ("export TYPE=c", "ctrl:1: unknown key \"export TYPE\" is ignored; remove it"),
        (". /etc/other", "ctrl:1: \". /etc/other\" is ignored; write KEY=value"),
    ];
    for (text, warning) in table {
        let (settings, warnings) = plain(&vendor(text)).unwrap();
        assert_eq!(warnings, [warning], "{text}");
        assert_eq!(settings.delay, ms(1000));
    }
    assert_eq!(plain(&vendor("CLUSTERHAT_SIZE=9")).unwrap().0.size, Some(4));
}

#[test]
fn refused_values() {
    let table = [
        ("CLUSTERHAT_SIZE=0", "ctrl:1: CLUSTERHAT_SIZE = 0: expected 1 to 4 nodes"),
        ("CLUSTERHAT_SIZE=four", "ctrl:1: CLUSTERHAT_SIZE = four: expected 1 to 4 nodes"),
        ("CLUSTERHAT_FORCE=2", "ctrl:1: CLUSTERHAT_FORCE = 2: expected a version such as 2.5"),
        ("CLUSTERHAT_FORCE=4.0", "ctrl:1: CLUSTERHAT_FORCE = 4.0: expected a version such as 2.5"),
        ("\nclusterhatv1=left", "ctrl:2: CLUSTERHATV1 = left: expected a USB path such as 1-1.2"),
        (
            "CLUSTERCTRL_DELAY=301",
            "ctrl:1: CLUSTERCTRL_DELAY = 301: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        ("FANGPIO=99", "ctrl:1: FANGPIO = 99: expected a BCM number from 4 to 27"),
    ];
    for (text, error) in table {
        assert_eq!(plain(&vendor(text)).map(|_| ()), Err(error.to_owned()));
    }
}

#[test]
fn the_own_file_stands_alone() {
    let both =
        Sources { toml: own_file("").toml, legacy: vendor("TYPE=node\nCLUSTERHAT_SIZE=x").legacy };
    assert_eq!(good(&both), good(&Sources::default()));
}

#[test]
fn no_fan_pin_means_no_fan() {
    assert_eq!(good(&vendor("TYPE=c")).fan_gpio, None);
}

#[test]
fn flags_and_environment_win() {
    let file = vendor("TYPE=c\nCLUSTERCTRL_DELAY=4");
    let (settings, _) =
        load_with(&file, &Overrides::default(), &[("CLUSTERHAT_DELAY", "250ms")]).unwrap();
    assert_eq!(settings.delay, ms(250));
    let flags = Overrides { delay: Some(Duration::ZERO), ..Overrides::default() };
    assert_eq!(load_with(&file, &flags, &[]).unwrap().0.delay, Duration::ZERO);
}

use super::*;

/// What the vendor's image of January 2026 has at the end of the file.
const VENDORS: &str = "\
[pi0]
dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3
[pi1]
dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3
[pi2]
dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3
[pi3]
dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3
[pi4]
# Can't use i2c3 as it can't be bus 1
dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3
[pi5]
dtparam=i2c_arm=on
[all]
";

const PI_4: &str = "Raspberry Pi 4 Model B Rev 1.4";
const PI_5: &str = "Raspberry Pi 5 Model B Rev 1.0";

#[track_caller]
fn becomes(model: Option<&str>, old: &str, new: &str) {
    let model = model.map(Model::named);
    let (edited, notes) = with_i2c(old.as_bytes(), model);
    assert_eq!(String::from_utf8_lossy(&edited), new);
    assert_eq!(notes, [""; 0]);
    assert_eq!(with_i2c(&edited, model).0, edited, "a second time there is nothing to do");
}

#[track_caller]
fn stays(model: Option<&str>, text: &str) {
    becomes(model, text, text);
}

#[test]
fn the_vendors_image_stays_for_every_model() {
    stays(None, VENDORS);
    for model in
        [PI_4, PI_5, "Raspberry Pi Zero 2 W Rev 1.0", "Raspberry Pi Compute Module 4 Rev 1.1"]
    {
        stays(Some(model), VENDORS);
        stays(Some(model), &format!("#dtparam=i2c_arm=on\n{VENDORS}"));
    }
}

#[test]
fn what_one_family_lacks_it_gets_behind_its_own_filter() {
    let old = VENDORS.replace("[pi5]\ndtparam=i2c_arm=on\n", "");
    let added = "[pi5]\ndtoverlay=\ndtparam=i2c_arm=on\n[all]\n";
    becomes(None, &old, &format!("{old}{added}"));
    becomes(Some(PI_5), &old, &format!("{old}{added}"));
    stays(Some(PI_4), &old);
}

#[test]
fn a_model_in_a_family_that_has_it_is_told_by_its_type() {
    let old = "[board-type=0x14]\ndtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3\n";
    becomes(
        Some(PI_4),
        old,
        &format!("{old}[all]\n[board-type=0x11]\ndtoverlay=\ndtparam=i2c_arm=on\n[all]\n"),
    );
}

#[test]
fn a_stock_file_is_uncommented_where_it_stands() {
    becomes(
        None,
        "# a\n#dtparam=i2c_arm=on\n#dtparam=spi=on\ndtoverlay=vc4\n[cm4]\nx=1\n",
        "# a\ndtparam=i2c_arm=on\n#dtparam=spi=on\ndtoverlay=vc4\n[cm4]\nx=1\n",
    );
}

#[test]
fn a_bus_that_is_on_stays_as_it_is() {
    for text in [
        "dtparam=i2c_arm=on\n",
        "dtparam=audio=on,i2c=on # the HAT\r\n",
        "dtparam=i2c1\n",
        "dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3\n",
        "dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=02,i2c_gpio_scl=03,i2c_gpio_delay_us=2 # x\n",
        "dtoverlay=i2c-gpio\ndtparam=bus=1\ndtparam=i2c_gpio_sda=2,i2c_gpio_scl=3\n",
        // One does not switch the other off.
        "dtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3\ndtparam=i2c_arm=off\n",
    ] {
        stays(None, text);
        stays(Some(PI_4), text);
    }
    stays(Some(PI_4), "[pi4]\ndtparam=i2c_arm=on\n");
    stays(Some(PI_4), "[board-type=0x11]\ndtparam=i2c_arm=on\n");
}

#[test]
fn a_bus_that_is_off_or_on_for_others_only() {
    becomes(None, "dtparam=i2c_arm=off\r\nx=1\r\n", "dtparam=i2c_arm=on\r\nx=1\r\n");
    for old in [
        "[pi3]\ndtparam=i2c_arm=on\n",
        "[pi4]\ndtparam=i2c_arm=on\n[cm4]\ndtparam=i2c_arm=off\n",
        "[none]\ndtparam=i2c_arm=on\n",
        "[gpio4=1]\ndtparam=i2c_arm=on\n",
        "[EDID=DEL-X]\ndtparam=i2c_arm=on\n",
        "[pi4] # mine\ndtparam=i2c_arm=on\n",
        "include a.txt\ndtparam=i2c_arm=on\n",
    ] {
        becomes(None, old, &format!("{old}[all]\ndtoverlay=\ndtparam=i2c_arm=on\n"));
    }
    for old in ["dtoverlay=i2c-gpio,bus=3\n", "dtoverlay=i2c-rtc,ds3231\ndtparam=i2c1=on\n", ""] {
        becomes(None, old, &format!("{old}dtoverlay=\ndtparam=i2c_arm=on\n"));
    }
    // Other settings in the line stay.
    let old = "dtparam=audio=on,i2c_arm=off\n";
    becomes(None, old, &format!("{old}dtoverlay=\ndtparam=i2c_arm=on\n"));
}

#[test]
fn what_is_not_sure_is_left_and_told() {
    for (text, why) in [
        ("[gpio4=1]\ndtoverlay=i2c-gpio,bus=1,i2c_gpio_sda=2,i2c_gpio_scl=3\n", "a condition"),
        ("dtoverlay=i2c-gpio,bus=1\n", "on pins other than"),
        ("dtoverlay=i2c-gpio,i2c_gpio_sda=2,i2c_gpio_scl=3\n", "a bus other than 1"),
    ] {
        let (new, notes) = with_i2c(text.as_bytes(), None);
        assert_eq!(String::from_utf8_lossy(&new), text);
        assert!(notes.len() == 1 && notes[0].contains(why), "{notes:?}");
    }
}

#[test]
fn a_model_of_tomorrow_beside_pins_in_use_is_told() {
    let (new, notes) = with_i2c(VENDORS.as_bytes(), Some(Model::named("Raspberry Pi 6")));
    assert_eq!(String::from_utf8_lossy(&new), VENDORS);
    assert!(notes.len() == 1 && notes[0].contains("add dtparam=i2c_arm=on"), "{notes:?}");
}

//! The controller's own temperature.

use std::fs;
use std::path::Path;

/// The plausible range of a sensor, in degrees Celsius.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = -40.0..=150.0;

/// The hottest of the kernel's thermal zones below a root, in degrees Celsius (Documentation/driver-api/thermal/sysfs-api:
/// `temp` is in thousandths); none where no zone can be read.
pub(crate) fn temperature(root: &Path) -> Option<f64> {
    let zones = fs::read_dir(root.join("sys/class/thermal")).ok()?.flatten();
    let celsius = zones.filter_map(|zone| {
        let text = fs::read_to_string(zone.path().join("temp")).ok()?;
        text.trim().parse::<f64>().ok().map(|thousandths| thousandths / 1000.0)
    });
    hottest(celsius)
}

/// The highest plausible temperature.
pub(crate) fn hottest(celsius: impl Iterator<Item = f64>) -> Option<f64> {
    celsius.filter(|celsius| PLAUSIBLE.contains(celsius)).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_zone_counts_and_nonsense_does_not() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(temperature(root.path()), None);
        for (zone, text) in
            [("0", "48312\n"), ("1", "51000\n"), ("2", "-274000\n"), ("3", "x"), ("4", "9999999\n")]
        {
            let folder = root.path().join(format!("sys/class/thermal/thermal_zone{zone}"));
            fs::create_dir_all(&folder).expect("it can be made");
            fs::write(folder.join("temp"), text).expect("it can be written");
        }
        fs::create_dir(root.path().join("sys/class/thermal/cooling_device0"))
            .expect("it can be made");
        assert_eq!(temperature(root.path()), Some(51.0));
    }
}

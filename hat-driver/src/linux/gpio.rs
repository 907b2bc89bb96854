//! The lines of a v1.x board on a real machine.
//!
//! A line has to keep its level when the process ends, or the nodes lose power. rppal writes the
//! registers and leaves them alone on request. Where rppal does not know the machine, or the kernel
//! gives nobody the registers (a mainline kernel has no `/dev/gpiomem` and closes `/dev/mem`), the GPIO
//! character device serves, but only on a kernel that keeps a released line as it is: `pinctrl-bcm2835`
//! and `pinctrl-rp1` have the parameter `persist_gpio_outputs` for that (Linux commit 8ff05989b44e;
//! the Raspberry Pi kernel sets it). Without it, merely reading an output would switch a node off.

use std::io;
use std::path::{Path, PathBuf};

use gpiocdev::chip::Chip;
use gpiocdev::line::{Direction, Value};
use gpiocdev::request::Request;
use rppal::gpio::{Error as RppalError, Gpio, Mode};

use super::platform::AnyLine;
use crate::bus_error::BusError;
use crate::lines::Line;

/// The labels of the controllers that carry the header's lines, in BCM order, and their drivers.
const CONTROLLERS: [(&str, &str); 3] = [
    ("pinctrl-bcm2835", "pinctrl_bcm2835"),
    ("pinctrl-bcm2711", "pinctrl_bcm2835"),
    ("pinctrl-rp1", "pinctrl_rp1"),
];

/// The line of a BCM number, of the machine whose file system is below `root`.
pub(super) fn line(root: &Path, bcm: u8) -> Result<AnyLine, BusError> {
    // rppal knows no root but the real one.
    if root == Path::new("/") {
        match Gpio::new() {
            Ok(gpio) => return Ok(AnyLine(Box::new(RegisterLine { gpio, bcm }))),
            Err(error) if registers_are_out_of_reach(&error) => {}
            Err(error) => return Err(from_rppal(error)),
        }
    }
    let (chip, driver) = find_controller(root)?;
    require_persistence(root, driver)?;
    Ok(AnyLine(Box::new(DeviceLine { chip, offset: bcm.into() })))
}

/// Whether no group and no privilege would help; a `/dev/gpiomem` that is there has its group.
fn registers_are_out_of_reach(error: &RppalError) -> bool {
    match error {
        RppalError::UnknownModel => true,
        RppalError::PermissionDenied(path) => path == "/dev/mem",
        RppalError::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// A line through the GPIO registers.
struct RegisterLine {
    gpio: Gpio,
    bcm: u8,
}

impl Line for RegisterLine {
    type Error = BusError;

    fn is_output(&mut self) -> Result<bool, BusError> {
        Ok(self.gpio.get(self.bcm).map_err(from_rppal)?.mode() == Mode::Output)
    }

    fn is_high(&mut self) -> Result<bool, BusError> {
        Ok(self.gpio.get(self.bcm).map_err(from_rppal)?.read() == rppal::gpio::Level::High)
    }

    fn drive(&mut self, high: bool) -> Result<(), BusError> {
        let pin = self.gpio.get(self.bcm).map_err(from_rppal)?;
        // Both set the level before the mode.
        let mut pin = if high { pin.into_output_high() } else { pin.into_output_low() };
        pin.set_reset_on_drop(false);
        Ok(())
    }
}

/// A line through the GPIO character device, requested only for as long as each access takes.
struct DeviceLine {
    chip: PathBuf,
    offset: u32,
}

impl DeviceLine {
    fn request(
        &self,
        configure: impl FnOnce(&mut gpiocdev::request::Builder),
    ) -> Result<Request, BusError> {
        let mut builder = Request::builder();
        builder.on_chip(&self.chip).with_consumer("clusterhat").with_line(self.offset);
        configure(&mut builder);
        builder.request().map_err(from_gpiocdev)
    }
}

impl Line for DeviceLine {
    type Error = BusError;

    fn is_output(&mut self) -> Result<bool, BusError> {
        let chip = Chip::from_path(&self.chip).map_err(from_gpiocdev)?;
        let info = chip.line_info(self.offset).map_err(from_gpiocdev)?;
        Ok(info.direction == Direction::Output)
    }

    fn is_high(&mut self) -> Result<bool, BusError> {
        let request = self.request(|builder| {
            builder.as_is();
        })?;
        Ok(request.value(self.offset).map_err(from_gpiocdev)? == Value::Active)
    }

    fn drive(&mut self, high: bool) -> Result<(), BusError> {
        let value = if high { Value::Active } else { Value::Inactive };
        self.request(|builder| {
            builder.as_output(value);
        })?;
        if self.is_output()? && self.is_high()? == high {
            return Ok(());
        }
        Err(io::Error::other("the kernel returned the line to an input when it was released")
            .into())
    }
}

/// The controller's device, found by its label: numbers differ between kernels.
fn find_controller(root: &Path) -> Result<(PathBuf, &'static str), BusError> {
    let devices = root.join("dev");
    let mut closed = None;
    for path in std::fs::read_dir(&devices)?.flatten().map(|entry| entry.path()) {
        let named =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gpiochip"));
        if !named {
            continue;
        }
        match label(&path) {
            Ok(label) => {
                if let Some(&(_, driver)) = CONTROLLERS.iter().find(|(known, _)| *known == label) {
                    return Ok((path, driver));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => closed = Some(path),
            Err(_) => {}
        }
    }
    if let Some(path) = closed {
        return Err(permission_denied(&path.display().to_string()));
    }
    let labels = CONTROLLERS.map(|(label, _)| label).join(", ");
    let problem = format!("no GPIO controller in {} is labelled {labels}", devices.display());
    Err(io::Error::new(io::ErrorKind::NotFound, problem).into())
}

/// What a GPIO controller calls itself.
fn label(path: &Path) -> io::Result<String> {
    // gpiocdev's own error does not tell why it cannot open the device.
    std::fs::File::open(path)?;
    let info = Chip::from_path(path).and_then(|chip| chip.info());
    info.map(|info| info.label).map_err(io::Error::other)
}

fn require_persistence(root: &Path, driver: &str) -> Result<(), BusError> {
    let parameter = format!("sys/module/{driver}/parameters/persist_gpio_outputs");
    let value = std::fs::read_to_string(root.join(parameter)).unwrap_or_default();
    if matches!(value.trim(), "Y" | "1") {
        return Ok(());
    }
    let problem = format!(
        "this kernel returns a released GPIO line to an input, which would cut the nodes' power; \
         boot it with {driver}.persist_gpio_outputs=y"
    );
    Err(io::Error::new(io::ErrorKind::Unsupported, problem).into())
}

fn from_rppal(error: RppalError) -> BusError {
    match error {
        RppalError::Io(error) => error.into(),
        RppalError::PermissionDenied(path) => permission_denied(&path),
        error => io::Error::other(error.to_string()).into(),
    }
}

fn permission_denied(path: &str) -> BusError {
    let problem = format!("{path}: permission denied");
    io::Error::new(io::ErrorKind::PermissionDenied, problem).into()
}

fn from_gpiocdev(error: gpiocdev::Error) -> BusError {
    io::Error::other(error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_forgets_released_lines_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let error = require_persistence(root.path(), "pinctrl_bcm2835").unwrap_err();
        assert!(error.to_string().contains("pinctrl_bcm2835.persist_gpio_outputs=y"), "{error}");
        let folder = root.path().join("sys/module/pinctrl_bcm2835/parameters");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("persist_gpio_outputs"), "Y\n").unwrap();
        assert!(require_persistence(root.path(), "pinctrl_bcm2835").is_ok());
    }

    #[test]
    fn a_kernel_without_the_registers_leaves_the_character_device() {
        let closed = |path: &str| RppalError::PermissionDenied(path.to_owned());
        assert!(registers_are_out_of_reach(&closed("/dev/mem")), "closed to root too");
        assert!(!registers_are_out_of_reach(&closed("/dev/gpiomem")), "its group is missing");
        let absent = RppalError::Io(io::ErrorKind::NotFound.into());
        assert!(registers_are_out_of_reach(&absent));
        assert!(registers_are_out_of_reach(&RppalError::UnknownModel));
    }

    #[test]
    fn a_machine_without_the_header_s_controller_says_what_was_looked_for() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("dev")).unwrap();
        let error = line(root.path(), 6).unwrap_err().to_string();
        assert!(error.contains("pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1"), "{error}");
    }
}

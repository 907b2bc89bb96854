//! A platform around a simulated machine, of which a test changes what it wants.

/// The methods of a `Platform` that are those of `self.machine`, by their names.
macro_rules! as_its_machine {
    ($($method:ident)*) => { $( as_its_machine!(@ $method); )* };
    (@ i2c) => {
        fn i2c(&self, bus: u32) -> Result<hat_driver::linux::AnyBus, hat_driver::BusError> {
            self.machine.i2c(bus)
        }
    };
    (@ line) => {
        fn line(&self, bcm: u8) -> Result<hat_driver::linux::AnyLine, hat_driver::BusError> {
            self.machine.line(bcm)
        }
    };
    (@ usb_boards) => {
        fn usb_boards(&self) -> Vec<hat_driver::linux::UsbBoard> {
            self.machine.usb_boards()
        }
    };
    (@ throttled) => {
        fn throttled(&self) -> Option<u32> {
            self.machine.throttled()
        }
    };
    (@ sleep) => {
        fn sleep(&self, duration: std::time::Duration) {
            self.machine.sleep(duration);
        }
    };
    (@ kernel_driver) => {
        fn kernel_driver(&self, bus: u32, address: u8) -> Option<String> {
            self.machine.kernel_driver(bus, address)
        }
    };
    // What no test changes.
    (@ the_rest) => {
        fn buses(&self) -> Vec<u32> {
            self.machine.buses()
        }

        fn hat_hub(&self) -> Option<String> {
            self.machine.hat_hub()
        }

        fn bus_path(&self, bus: u32) -> std::path::PathBuf {
            self.machine.bus_path(bus)
        }

        fn eeprom(&self) -> Option<hat_driver::linux::Eeprom> {
            self.machine.eeprom()
        }

        fn pi_revision(&self) -> Option<u32> {
            self.machine.pi_revision()
        }

        fn searched(&self) -> Vec<String> {
            self.machine.searched()
        }
    };
}

pub(crate) use as_its_machine;

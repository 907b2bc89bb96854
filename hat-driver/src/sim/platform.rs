//! A simulated controller as the driver's platform: what it finds on it, and how it waits.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;

use super::bus::{Bus, SimLine};
use super::ctrl::SimCtrl;
use super::machine::Machine;
use crate::bus_error::BusError;
use crate::ctrl::products::Product;
use crate::linux::{AnyBus, AnyLine, Eeprom, Moment, Platform, Resource, UsbBoard};

impl Platform for Machine {
    fn i2c(&self, bus: u32) -> Result<AnyBus, BusError> {
        if !self.buses().contains(&bus) {
            return Err(BusError::from_errno(Errno::NOENT));
        }
        Ok(AnyBus(Box::new(Bus { machine: self.clone(), number: bus })))
    }

    fn line(&self, bcm: u8) -> Result<AnyLine, BusError> {
        Ok(AnyLine(Box::new(SimLine { machine: self.clone(), bcm })))
    }

    /// Bus 1 is there as on every Pi, and each bus that a chip is on.
    fn buses(&self) -> Vec<u32> {
        let simulation = self.simulation();
        let mut buses: Vec<_> = simulation.expanders.keys().map(|place| place.0).collect();
        buses.extend(simulation.ctrls.keys().filter(|&&bus| !simulation.is_away(bus)));
        buses.push(1);
        buses.sort_unstable();
        buses.dedup();
        buses
    }

    /// A board that has left is back after some looks.
    fn usb_boards(&self) -> Vec<UsbBoard> {
        let simulation = self.simulation();
        let board = |(&bus, ctrl): (&u32, &SimCtrl)| UsbBoard {
            product: product(ctrl),
            path: usb_path(bus, ctrl),
            bus: Some(bus),
            device: Some(ctrl.returns),
        };
        let here = simulation.ctrls.iter().filter(|(_, ctrl)| ctrl.away == 0).map(board).collect();
        if simulation.ctrls.values().any(|ctrl| ctrl.away > 0) {
            // A simulation that cannot be written has no board that leaves.
            let _ = self.store().change(|simulation| {
                simulation
                    .ctrls
                    .values_mut()
                    .for_each(|ctrl| ctrl.away = ctrl.away.saturating_sub(1));
            });
        }
        here
    }

    /// A simulation has no USB devices but its boards.
    fn hat_hub(&self) -> Option<String> {
        None
    }

    fn bus_path(&self, bus: u32) -> PathBuf {
        format!("simulated i2c-{bus}").into()
    }

    fn eeprom(&self) -> Option<Eeprom> {
        let simulation = self.simulation();
        Eeprom::from_texts(|name| simulation.hat(name).map(str::to_owned))
    }

    fn throttled(&self) -> Option<u32> {
        self.simulation().throttled()
    }

    fn pi_revision(&self) -> Option<u32> {
        None
    }

    fn lock_path(&self, resource: Resource) -> io::Result<PathBuf> {
        self.locks.path(&match resource {
            Resource::Bus(bus) => format!("i2c-{bus}"),
            Resource::Lines => "lines".to_owned(),
            Resource::PowerOn => "power-on".to_owned(),
            Resource::Record => "record".to_owned(),
        })
    }

    /// Where waits take no time, there is nothing left of what others wait for.
    fn moment(&self) -> Moment {
        let now = Moment::now();
        match self.has_waits() {
            true => now,
            false => Moment { boot: format!("without-waits-{}", std::process::id()), ..now },
        }
    }

    fn sleep(&self, duration: Duration) {
        if self.has_waits() {
            std::thread::sleep(duration);
        }
    }

    fn searched(&self) -> Vec<String> {
        let simulation = self.simulation();
        let hat =
            simulation.hat("product").map_or("absent".to_owned(), |text| format!("holds {text:?}"));
        vec![
            format!("the simulation's hat: {hat}"),
            "the simulation's configuration: no [[board]]".to_owned(),
            "the simulation's chips: none of kind ctrl".to_owned(),
        ]
    }

    fn kernel_driver(&self, _bus: u32, _address: u8) -> Option<String> {
        None
    }
}

/// A separate hub for each board, so that its nodes' paths are different from others'.
fn usb_path(bus: u32, ctrl: &SimCtrl) -> String {
    let own = ctrl.paths.first().into_iter().flatten();
    own.fold(format!("1-{bus}"), |path, port| format!("{path}.{port}"))
}

/// The USB product ID, as the simulation has it or as the registers suggest.
fn product(ctrl: &SimCtrl) -> u16 {
    let text = ctrl.product.as_deref().and_then(|text| text.strip_prefix("0x"));
    let named = text.and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let guess = || Product::guess(ctrl.kind, ctrl.maxpi).map_or(0, |product| product.id);
    named.unwrap_or_else(guess)
}

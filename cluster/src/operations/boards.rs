//! `boards`: what was found, how, and what is unverified about it.

use hat_driver::linux::{
    BoardInfo, BoardModel, BoardReading, ClusterError as DriverError, Platform, probe,
};

use crate::cluster::Cluster;
use crate::nodes::{Labels, label};
use crate::outcome::{Outcome, of_boards};
use crate::report::{BoardEntry, BoardsReport};

impl Cluster {
    /// The boards, each asked for its chip; `with_probe` also asks the addresses 0x20 to 0x23 of every
    /// I2C bus. Reads only, but chips of others see it.
    pub fn describe(&mut self, with_probe: bool) -> Outcome<BoardsReport> {
        let (boards, errors) = entries(self);
        let probed = with_probe.then(|| probe(self.driver.platform()));
        Outcome { report: BoardsReport { boards, probed }, error: of_boards(errors) }
    }
}

fn entries(context: &mut Cluster) -> (Vec<BoardEntry>, Vec<DriverError>) {
    let infos: Vec<_> =
        context.driver.boards().map(|(board, info)| (board, info.clone())).collect();
    let (mut boards, mut errors) = (Vec::new(), Vec::new());
    for (board, info) in infos {
        let nodes = context.driver.nodes().filter(|node| node.board() == board);
        let nodes = nodes.map(label).collect();
        let (chip, error) = match context.driver.status(board) {
            Ok(BoardReading::Hat(status)) => (status.chip, None),
            Ok(_) => (None, None),
            Err(error) => {
                let text = error.describe(&Labels).to_string();
                errors.push(error);
                (None, Some(text))
            }
        };
        let bus_unverified = bus_unverified(&info, context.driver.platform());
        let uncertain = !context.driver.is_certain(board);
        let is_open = context.driver.check_open(board).is_ok();
        boards.push(BoardEntry { info, chip, bus_unverified, nodes, uncertain, is_open, error });
    }
    (boards, errors)
}

/// What a search of every I2C bus finds where no board is known.
#[must_use]
pub fn search(machine: &dyn Platform) -> BoardsReport {
    BoardsReport { boards: Vec::new(), probed: Some(probe(machine)) }
}

/// Linux calls the controller of the Pi 0 to 4 so: drivers/i2c/busses/i2c-bcm2835.c.
const BCM2835: &str = "bcm2835 ";

/// What no document settles about the bus that a HAT is on.
fn bus_unverified(info: &BoardInfo, platform: &dyn Platform) -> Option<&'static str> {
    let name = platform.bus_name(info.bus?)?;
    (matches!(info.model, BoardModel::Hat(_)) && name.starts_with(BCM2835)).then_some(
        "its bus is the I2C controller of a Pi 0 to 4: the vendor's image has i2c-gpio there instead, because of clock stretching",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hat_driver::linux::Host;
    use hat_driver::sim::builtin;

    use super::*;
    use crate::controller::{Controller, Options};

    /// What is told of the only simulated board on a bus that the kernel gives this name.
    fn told(board: &str, bus: &str) -> Option<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().join("world.json");
        fs::write(&world, builtin::simulation(board).unwrap().to_text()).unwrap();
        let simulation = world.to_str().map(str::to_owned);
        let options = Options { simulation, ..Options::default() };
        let cluster = Controller::new(&options).unwrap().open().unwrap();
        for number in 0..9 {
            let class = folder.path().join(format!("sys/class/i2c-dev/i2c-{number}"));
            fs::create_dir_all(&class).unwrap();
            fs::write(class.join("name"), format!("{bus}\n")).unwrap();
        }
        let (_, info) = cluster.driver.boards().next().unwrap();
        bus_unverified(info, &Host::new(folder.path()))
    }

    #[test]
    fn the_controller_of_a_pi_0_to_4_is_told_as_unverified() {
        let sentence = told("v2.5", "bcm2835 (i2c@7e804000)").unwrap();
        assert!(
            sentence.contains("a Pi 0 to 4: the vendor's image has i2c-gpio there instead"),
            "{sentence}"
        );
        // The vendor's bus, and that of a Pi 5.
        for bus in ["i2c@0", "i2c-gpio", "Synopsys DesignWare I2C adapter"] {
            assert_eq!(told("v2.5", bus), None, "{bus}");
        }
        // It is on no such bus.
        for board in ["v1.3", "triple"] {
            assert_eq!(told(board, "bcm2835 (i2c@7e804000)"), None, "{board}");
        }
    }
}

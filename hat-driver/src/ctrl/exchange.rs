//! How a command reaches the board and its answer comes back.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

use super::device::Device;
use super::error::CtrlError;
use super::protocol::{ADDRESS, Command, CommandStatus, CtrlRegister, Selector, data_register};
use crate::retry::{ATTEMPTS, is_transient};

/// How long to rest between two questions whether a command is done.
const REST_MS: u32 = 2;
/// Questions without a rest: an ordinary command is done before the next transfer arrives.
const EAGER: u32 = 2;

impl<B: I2c, D: DelayNs> Device<B, D> {
    pub(super) fn check(&self, node: u8) -> Result<(), CtrlError<B::Error>> {
        if (1..=self.nodes).contains(&node) {
            return Ok(());
        }
        Err(CtrlError::NoSuchNode { node, nodes: self.nodes })
    }

    /// A reading; `None` where the board does not have it.
    pub(super) fn get(
        &mut self,
        selector: Selector,
        data1: u8,
    ) -> Result<Option<[u8; 8]>, CtrlError<B::Error>> {
        self.optional(Command::GetData, &[selector as u8, data1])
    }

    /// Runs a command that a board may lack or its firmware not know.
    pub(super) fn optional(
        &mut self,
        command: Command,
        data: &[u8],
    ) -> Result<Option<[u8; 8]>, CtrlError<B::Error>> {
        match self.run(command, data) {
            Ok(data) => Ok(Some(data)),
            Err(CtrlError::Refused { status, .. })
                if matches!(
                    CommandStatus::from_code(status),
                    Some(CommandStatus::Unsupported | CommandStatus::UnknownCommand)
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Runs a command: one transfer sends it, one fetches data and status once it is done. Returns
    /// data0 to data7.
    pub(super) fn run(
        &mut self,
        command: Command,
        data: &[u8],
    ) -> Result<[u8; 8], CtrlError<B::Error>> {
        self.send(command, data)?;
        let mut answer = [0; 10];
        let limit = command.limit_ms(data.first().copied().unwrap_or(0));
        self.read_when_idle(Some(command), CtrlRegister::Data7 as u8, &mut answer, limit)?;
        let [data7, data6, data5, data4, data3, data2, data1, data0, _command, status] = answer;
        if status != CommandStatus::Ok as u8 {
            return Err(CtrlError::Refused { command, status });
        }
        Ok([data0, data1, data2, data3, data4, data5, data6, data7])
    }

    /// Data bytes and command in one write: the registers lie side by side, and the command's, the
    /// last, is what starts it.
    pub(super) fn send(
        &mut self,
        command: Command,
        data: &[u8],
    ) -> Result<(), CtrlError<B::Error>> {
        let mut bytes = [0; 4];
        let count = data.len().min(2) as u8;
        bytes[0] = if count == 0 { CtrlRegister::Command as u8 } else { data_register(count - 1) };
        for (place, value) in bytes[1..].iter_mut().zip(data.iter().take(2).rev()) {
            *place = *value;
        }
        bytes[usize::from(count) + 1] = command as u8;
        let bytes = &bytes[..usize::from(count) + 2];
        let limit = command.limit_ms(data.first().copied().unwrap_or(0));
        // Whether the board took a spoilt command is unknown: a second cycle or reset would cut what
        // the first has just brought back.
        let repeatable = !matches!(command, Command::HubCycle | Command::Reset);
        self.patiently(Some(command), limit, repeatable, |bus| bus.write(ADDRESS, bytes))
    }

    /// Reads from `register` on as soon as no command runs any more.
    pub(super) fn read_when_idle(
        &mut self,
        command: Option<Command>,
        register: u8,
        answer: &mut [u8],
        limit_ms: u32,
    ) -> Result<(), CtrlError<B::Error>> {
        self.patiently(command, limit_ms, true, |bus| bus.write_read(ADDRESS, &[register], answer))
    }

    /// Repeats a transfer that is refused because a command still runs, for as long as that may
    /// take; and one that the bus spoilt, a few times.
    fn patiently(
        &mut self,
        command: Option<Command>,
        limit_ms: u32,
        repeatable: bool,
        mut transfer: impl FnMut(&mut B) -> Result<(), B::Error>,
    ) -> Result<(), CtrlError<B::Error>> {
        let (mut waited_ms, mut asked, mut spoilt) = (0, 0, 0_u8);
        loop {
            let Err(source) = transfer(&mut self.bus) else {
                self.retries += u32::from(spoilt);
                return Ok(());
            };
            match source.kind() {
                ErrorKind::NoAcknowledge(_) if waited_ms < limit_ms => {
                    asked += 1;
                    if asked > EAGER {
                        self.delay.delay_ms(REST_MS);
                        waited_ms += REST_MS;
                    }
                }
                ErrorKind::NoAcknowledge(_) => {
                    return Err(match command {
                        Some(command) => CtrlError::Timeout { command, waited_ms },
                        None => CtrlError::Bus { command, source },
                    });
                }
                kind if repeatable && is_transient(kind) && spoilt + 1 < ATTEMPTS => spoilt += 1,
                _ => return Err(CtrlError::Bus { command, source }),
            }
        }
    }
}

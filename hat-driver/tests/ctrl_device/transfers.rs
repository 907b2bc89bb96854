//! What is sent, byte for byte, and what the answers mean.

use super::*;

#[test]
fn every_command_is_one_write_and_its_answer_one_read() {
    for op in OPS {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        (op.run)(&mut device).unwrap_or_else(|error| panic!("{}: {error}", op.name));
        let log = bench.take_log();
        let sent: Vec<_> =
            log.iter().filter(|(bytes, _)| bytes.len() > 1).map(|(bytes, _)| &bytes[..]).collect();
        assert_eq!(sent, op.sends, "{}", op.name);
        let clean =
            log.iter().all(|(bytes, read)| bytes.is_empty() || (bytes.len() > 1) == (*read == 0));
        assert!(clean, "{}: {log:?}", op.name);
    }
    // Data, command and status lie side by side: ten bytes from 0x05 on.
    let bench = Bench::new(&able());
    let mut device = bench.open();
    device.power(2).unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0c, 2, 0x0f], 0), (vec![0x05], 10)]);
    device.firmware().unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0b, 0, 0, 0xf2], 0), (vec![0x05], 10)]);
    // Only the pointer is sent after a hub cycle: it leaves the last command's status.
    bench.status.set(Some(3));
    device.cycle_hub(10).unwrap();
    let log = bench.take_log();
    assert_eq!(log[0], (vec![0x0c, 10, 0x07], 0));
    assert!(log[1..].iter().all(|transfer| *transfer == (vec![0x0d], 1)), "{log:?}");
    device.reset().unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0d, 0x0e], 0)], "nobody is there to answer a reset");
}

#[test]
fn a_board_is_opened_with_one_transfer() {
    let bench = Bench::new(&able());
    let (device, description) = Device::open(bench.clone(), bench.clone()).unwrap();
    assert_eq!((description.nodes, description.order, description.kind), (3, 20, 1));
    assert_eq!(device.nodes(), 3);
    assert_eq!(bench.take_log(), [(vec![0x00], 5)]);
}

/// A chip that answers every read with the same byte, as an expander's latch or a dead bus would.
struct Constant(u8);

impl ErrorType for Constant {
    type Error = ErrorKind;
}

impl I2c for Constant {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    assert!(bytes.len() <= 1, "an unknown chip is only read")
                }
                Operation::Read(buffer) => buffer.fill(self.0),
            }
        }
        Ok(())
    }
}

#[test]
fn another_chip_is_told_from_a_board_by_reading() {
    for schema in [0x00, 0x01, 0x03, 0xff] {
        let error = Device::open(Constant(schema), Bench::new(&plain())).map(drop).unwrap_err();
        assert_eq!(error, CtrlError::Schema { found: schema });
        assert!(error.to_string().contains("0x00"), "{error}");
    }
}

#[test]
fn answers_are_what_the_registers_mean() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    assert_eq!([device.power(1), device.power(2)], [Ok(Some(false)), Ok(Some(true))]);
    assert_eq!(device.usb_boot(1), Ok(Some(true)));
    assert_eq!(device.usb_boot(2), Ok(Some(false)));
    let firmware = device.firmware().unwrap().unwrap();
    assert_eq!(
        (firmware, firmware.to_string().as_str()),
        (Firmware { major: 1, minor: 10 }, "1.10")
    );
    assert_eq!(device.adc_count(), Ok(2));
    // 778 x 6.4453125 mV and 360 x 33.34093896 mV.
    let volts: Vec<_> = (1..=2).map(|n| device.adc(n).unwrap().unwrap().millivolts()).collect();
    assert_eq!(volts, [Some(5014), Some(12002)]);
    assert_eq!([device.adc(0), device.adc(3)], [Ok(None), Ok(None)]);
    // (270 - 247) / 1.22.
    let celsius = device.temperature().unwrap().unwrap().celsius().unwrap();
    assert!((celsius - 18.852).abs() < 0.001, "{celsius}");
    assert_eq!(device.fan(), Ok(Some(0)));
    let path = |path: Result<Option<UsbPath>, _>| path.unwrap().unwrap().to_string();
    assert_eq!(path(device.usb_path(0)), "1");
    assert_eq!(path(device.usb_path(1)), "4.2");
    device.set_fan(true).unwrap();
    assert_eq!(device.fan(), Ok(Some(1)));
}

#[test]
fn raw_numbers_over_their_whole_range() {
    for raw in [0, 1, 255, 256, 1023, u16::MAX] {
        let mv = |kind| Voltage { kind, raw }.millivolts();
        assert_eq!(mv(1), Some((f64::from(raw) * 6.445_312_5) as u32));
        assert_eq!(mv(2), Some((f64::from(raw) * 33.340_938_96) as u32));
        assert_eq!([mv(0), mv(3), mv(255)], [None; 3]);
        let celsius = Temperature { kind: 2, raw }.celsius().unwrap();
        assert!((celsius * 1.22 + 247.0 - f64::from(raw)).abs() < 1e-6);
        assert_eq!(Temperature { kind: 1, raw }.celsius(), None);
        // Low byte first, from the registers.
        let mut board = able();
        (board["adc"], board["temp"]) = (json!([[1, raw]]), json!([2, raw]));
        let mut device = Bench::new(&board).open();
        assert_eq!(device.adc(1), Ok(Some(Voltage { kind: 1, raw })));
        assert_eq!(device.temperature(), Ok(Some(Temperature { kind: 2, raw })));
    }
}

#[test]
fn what_is_out_of_range_is_refused_before_the_bus() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    for node in [0, 4, 5, 255] {
        let error = CtrlError::NoSuchNode { node, nodes: 3 };
        assert_eq!(device.power(node), Err(error.clone()));
        assert_eq!(device.set_power(node, true), Err(error.clone()));
        assert_eq!(device.set_power(node, false), Err(error.clone()));
        assert_eq!(device.usb_boot(node), Err(error.clone()));
        assert_eq!(device.set_usb_boot(node, true), Err(error.clone()));
        if node != 0 {
            assert_eq!(device.usb_path(node), Err(error));
        }
    }
    assert_eq!(device.set_order(0), Err(CtrlError::OrderZero));
    assert_eq!(bench.take_log(), []);
}

#[test]
fn a_status_is_an_error_with_its_reason() {
    for (status, reason) in [
        (1, "cannot do it"),
        (2, "no such node"),
        (3, "does not know it"),
        (4, "no known reason"),
        (0xff, "no known reason"),
    ] {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.status.set(Some(status));
        let error = device.set_power(1, true).unwrap_err();
        assert_eq!(error, CtrlError::Refused { command: Command::On, status });
        let text = error.to_string();
        assert!(text.contains(reason) && text.contains("0x03"), "{text}");
        // What a board may lack: only 1 and 3 mean that it does.
        let lacks = matches!(status, 1 | 3);
        assert_eq!(device.usb_boot(1) == Ok(None), lacks, "{status}");
        assert_eq!(device.firmware() == Ok(None), lacks, "{status}");
        assert_eq!(device.usb_path(1) == Ok(None), lacks, "{status}");
        assert!(device.power(1).is_err(), "{status}");
    }
}

#[test]
fn a_board_without_them_says_so() {
    let bench = Bench::new(&plain());
    let mut device = bench.open();
    let refused =
        |result: Result<(), CtrlError<ErrorKind>>| matches!(result, Err(CtrlError::Refused { .. }));
    assert!(refused(device.set_act(true)));
    assert!(refused(device.set_fan(true)));
    assert!(refused(device.set_usb_boot(1, true)));
    assert_eq!(device.usb_boot(1), Ok(None));
    assert_eq!(device.temperature(), Ok(None));
    assert_eq!((device.adc_count(), device.adc(1)), (Ok(0), Ok(None)));
    assert_eq!(device.usb_path(1), Ok(None));
}

/// The trap: command 0x0a with data0 = 0 powers every node of a pHAT and of a Single.
#[test]
fn leds_never_switch_nodes() {
    for (kind, nodes) in [(2, 2), (3, 1), (3, 5), (1, 3), (0, 32), (4, 5)] {
        let mut board = able();
        (board["type"], board["maxpi"], board["p"]) =
            (json!(kind), json!(nodes), json!(vec![0; nodes]));
        let bench = Bench::new(&board);
        let mut device = bench.open();
        for on in [true, false, true] {
            device.set_leds(on).unwrap();
            let (led, off) = bench.take(|board| (board.led, board.p.iter().all(|&p| p == 0)));
            assert!(off, "type {kind} with {nodes} nodes");
            assert_eq!(led, u8::from(on));
        }
        let trap = bench.take_log().into_iter().any(|(bytes, _)| bytes == [0x0c, 0, 0x0a]);
        assert!(!trap, "type {kind} with {nodes} nodes");
    }
}

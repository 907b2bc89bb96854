//! Gadgets with one Ethernet function: ours, and as the kernel sets it up by itself.

use clusterhat_tests::vm::Vm;

use crate::Result;

/// Without udev nothing loads them by itself.
const MODULES: [&str; 12] = [
    "dummy_hcd",
    "libcomposite",
    "usb_f_ncm",
    "usb_f_ecm",
    "usb_f_eem",
    "usb_f_rndis",
    "usb_f_acm",
    "cdc_ncm",
    "cdc_ether",
    "cdc_eem",
    "rndis_host",
    "cdc-acm",
];

/// The addresses that `clusterhat-node up --id 1` gives, for all.
const MODULE: &str = "modprobe g_ether host_addr=00:22:82:ff:fe:01 dev_addr=00:22:82:ff:ff:01";

/// An Ethernet function of the gadget.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Function {
    Ncm,
    Ecm,
    Rndis,
    Eem,
}

/// Who sets it up.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Maker {
    Ours,
    Kernel,
}

impl Function {
    pub(crate) const ALL: [Self; 4] = [Self::Ncm, Self::Ecm, Self::Rndis, Self::Eem];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ncm => "NCM",
            Self::Ecm => "ECM",
            Self::Rndis => "RNDIS",
            Self::Eem => "EEM",
        }
    }

    /// Whether `clusterhat-node` has it.
    pub(crate) fn is_ours(self) -> bool {
        self != Self::Eem
    }

    /// The controller's driver.
    const fn driver(self) -> &'static str {
        match self {
            Self::Ncm => "cdc_ncm",
            Self::Ecm => "cdc_ether",
            Self::Rndis => "rndis_host",
            Self::Eem => "cdc_eem",
        }
    }

    /// What makes the gadget.
    fn script(self, maker: Maker) -> String {
        match (maker, self) {
            (Maker::Ours, _) => {
                let name = self.name().to_lowercase();
                format!("clusterhat-node up --id 1 --udc dummy_udc.0 --ethernet {name}")
            }
            // Debian's kernels have no module g_ncm.
            (Maker::Kernel, Self::Ncm) => "\
                cd /sys/kernel/config/usb_gadget; mkdir kernel; cd kernel
                mkdir functions/ncm.usb0 configs/c.1
                echo 00:22:82:ff:fe:01 >functions/ncm.usb0/host_addr
                echo 00:22:82:ff:ff:01 >functions/ncm.usb0/dev_addr
                ln -s functions/ncm.usb0 configs/c.1/
                echo dummy_udc.0 >UDC"
                .into(),
            // It offers RNDIS, too, which Linux takes only when told.
            (Maker::Kernel, Self::Ecm) => MODULE.into(),
            (Maker::Kernel, Self::Rndis) => format!(
                "{MODULE}
                 device=/sys/devices/platform/dummy_hcd.0/usb*/*-1
                 while [ ! -d $device/*:1.0/net ]; do usleep 10000; done
                 echo 2 >$(echo $device/bConfigurationValue)"
            ),
            (Maker::Kernel, Self::Eem) => format!("{MODULE} use_eem=1"),
        }
    }
}

/// Loads the drivers.
pub(crate) fn prepare(vm: &Vm) -> Result<()> {
    for module in MODULES {
        vm.sh(&format!("modprobe {module}"))?;
    }
    vm.sh("mount -t configfs none /sys/kernel/config")?;
    Ok(())
}

/// Both ends of a link by the names of their network devices.
pub(crate) struct Ends {
    pub(crate) controller: String,
    pub(crate) node: String,
}

/// Sets it up and waits until the controller's driver has its network device.
pub(crate) fn make(vm: &Vm, function: Function, maker: Maker) -> Result<Ends> {
    vm.sh(&function.script(maker))?;
    let interface = "/sys/devices/platform/dummy_hcd.0/usb*/*-1/*:*";
    let driver = function.driver();
    vm.until(&format!("ls -d {interface}/net/* && ls -l {interface}/driver | grep {driver}$"))?;
    let controller = vm.sh(&format!("ls {interface}/net"))?;
    let node = vm.sh("ls /sys/devices/platform/dummy_udc.0/gadget*/net")?;
    Ok(Ends { controller, node })
}

/// Removes whatever is set up, and waits until the controller has seen it go.
pub(crate) fn clear(vm: &Vm) -> Result<()> {
    vm.sh("clusterhat-node down >/dev/null
         if lsmod | grep -q ^g_ether; then rmmod g_ether; fi
         cd /sys/kernel/config/usb_gadget
         if [ -d kernel ]; then
             echo >kernel/UDC
             rm kernel/configs/c.1/ncm.usb0
             rmdir kernel/configs/c.1 kernel/functions/ncm.usb0 kernel
         fi")?;
    vm.until("! ls -d /sys/devices/platform/dummy_hcd.0/usb*/*-1 2>/dev/null")?;
    Ok(())
}

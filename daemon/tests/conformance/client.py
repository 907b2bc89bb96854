"""A session of sushy: switches nodes, waits, and sets from what a node boots where its board can."""

import sys
import time

import sushy

LIMIT = 60


def wait(system, wanted):
    end = time.monotonic() + LIMIT
    while system.power_state != wanted:
        if time.monotonic() > end:
            sys.exit(f"{system.identity} is {system.power_state}, not {wanted}")
        time.sleep(0.2)
        system.refresh(force=True)


def wait_for_boot(system):
    """Nobody could ask a node to go down before its agent runs."""
    end = time.monotonic() + LIMIT
    while system.json.get("BootProgress", {}).get("LastState") != "OSRunning":
        if time.monotonic() > end:
            sys.exit(f"{system.identity} does not boot: {system.json}")
        time.sleep(0.2)
        system.refresh(force=True)


def check(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found}, not {wanted}")


def main(url, password, certificate, boots_over_usb):
    for auth in (sushy.auth.SessionAuth("admin", password), sushy.auth.BasicAuth("admin", password)):
        root = sushy.Sushy(url, verify=certificate, auth=auth)
        systems = {system.identity: system for system in root.get_system_collection().get_members()}
        check("the first node", min(systems), "p1")
        system = systems["p1"]
        system.reset_system(sushy.RESET_ON)
        wait(system, sushy.POWER_STATE_ON)
        system.reset_system(sushy.RESET_FORCE_OFF)
        wait(system, sushy.POWER_STATE_OFF)
    check("the manager", [manager.identity for manager in system.managers], ["controller"])
    system.reset_system(sushy.RESET_ON)
    wait(system, sushy.POWER_STATE_ON)
    wait_for_boot(system)
    system.reset_system(sushy.RESET_GRACEFUL_SHUTDOWN)
    wait(system, sushy.POWER_STATE_OFF)
    if boots_over_usb:
        system = systems[boots_over_usb]
        for target, enabled in (
            (sushy.BOOT_SOURCE_TARGET_NONE, sushy.BOOT_SOURCE_ENABLED_DISABLED),
            (sushy.BOOT_SOURCE_TARGET_USB, sushy.BOOT_SOURCE_ENABLED_CONTINUOUS),
        ):
            system.set_system_boot_options(target, enabled=enabled)
            system.refresh(force=True)
            check("the boot source", system.boot.target, target)
            check("whether it is overridden", system.boot.enabled, enabled)
    print("sushy: done")


if __name__ == "__main__":
    main(*sys.argv[1:5])

//! Graphics processors by name. A slow subject: the maker's program may take seconds to wake the card.

use crate::model::fact::Fact;
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// Seconds for the maker's program.
const PATIENCE: u64 = 5;

/// Looks for graphics processors.
pub(crate) async fn look(world: &World) -> Fact<Vec<String>> {
    let files = &*world.files;
    let mut found = nvidia(world).await;
    let with_driver = !found.is_empty();
    for device in files.list("/sys/bus/pci/devices").unwrap_or_default() {
        let told = |name: &str| read::word(files, &format!("/sys/bus/pci/devices/{device}/{name}")).unwrap_or_default();
        // Class 03 is a display controller (PCI Code and ID Assignment Specification).
        if told("class").starts_with("0x03") {
            let vendor = told("vendor");
            if !(vendor == "0x10de" && with_driver) {
                found.push(card(&vendor, &told("device")));
            }
        }
    }
    if found.is_empty() {
        found.extend(board(files));
    }
    Fact::known(found, "/sys/bus/pci, /sys/class/drm and the driver's own list")
}

/// NVIDIA cards that the driver knows: from its folder in /proc, else from its program.
async fn nvidia(world: &World) -> Vec<String> {
    const FOLDER: &str = "/proc/driver/nvidia/gpus";
    let files = &*world.files;
    let of_card = |card: &String| model(&read::text(files, &format!("{FOLDER}/{card}/information")).ok()?);
    let listed: Vec<String> = files.list(FOLDER).unwrap_or_default().iter().filter_map(of_card).collect();
    // In WSL the driver has no folder there.
    if !listed.is_empty() || world.processes.find("nvidia-smi").is_none() {
        return listed;
    }
    match read::run(world, "nvidia-smi", &["-L"], PATIENCE).await {
        Ok(output) if output.ok() => output.stdout.lines().filter_map(smi).collect(),
        _ => vec![],
    }
}

/// `Model: NVIDIA GeForce GTX 1050`, with tabs between.
fn model(information: &str) -> Option<String> {
    information.lines().find_map(|l| l.strip_prefix("Model:")).map(|m| m.trim().to_string()).filter(|m| !m.is_empty())
}

/// `GPU 0: NVIDIA GeForce RTX 3060 (UUID: GPU-…)`.
fn smi(line: &str) -> Option<String> {
    let (_, rest) = line.strip_prefix("GPU ")?.split_once(": ")?;
    Some(rest.split(" (UUID").next().unwrap_or(rest).trim().to_string())
}

/// A card by its maker's number (pci.ids) and its own.
fn card(vendor: &str, device: &str) -> String {
    let maker = match vendor {
        "0x10de" => "NVIDIA",
        "0x8086" => "Intel",
        "0x1002" => "AMD",
        "0x1a03" => "ASPEED",
        "0x102b" => "Matrox",
        "0x1234" | "0x1b36" => "QEMU",
        "0x1af4" => "virtio",
        "0x15ad" => "VMware",
        "0x80ee" => "VirtualBox",
        "0x1414" => "Hyper-V",
        "0x1013" => "Cirrus",
        _ => "",
    };
    let number = |n: &str| n.trim_start_matches("0x").to_string();
    match maker {
        "" => format!("graphics {}:{}", number(vendor), number(device)),
        maker => format!("{maker} graphics {}", number(device)).trim().to_string(),
    }
}

/// The graphics part of a board without PCI, by what its driver is compatible with.
fn board(files: &dyn Files) -> Option<String> {
    let cards = files.list("/sys/class/drm").unwrap_or_default();
    cards.iter().filter(|c| c.starts_with("card") && !c.contains('-')).find_map(|card| {
        let event = read::text(files, &format!("/sys/class/drm/{card}/device/uevent")).ok()?;
        let compatible = event.lines().find_map(|l| l.strip_prefix("OF_COMPATIBLE_0="))?;
        Some(if compatible.starts_with("brcm,") { format!("Broadcom VideoCore ({compatible})") } else { compatible.to_string() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;

    async fn seen(host: Described) -> Vec<String> {
        look(&host.world()).await.get().unwrap().clone()
    }

    #[tokio::test]
    async fn cards_are_named_by_driver_then_by_number() {
        let pci = Described::new().files(&[
            ("/sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n"),
            ("/sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n"),
            ("/sys/bus/pci/devices/0000:00:02.0/device", "0x4e61\n"),
            ("/sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n"),
            ("/sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n"),
            ("/sys/bus/pci/devices/0000:01:00.0/device", "0x2504\n"),
            ("/sys/bus/pci/devices/0000:02:00.0/class", "0x020000\n"),
        ]);
        assert_eq!(seen(pci.clone()).await, ["Intel graphics 4e61", "NVIDIA graphics 2504"]);
        let driven = pci.file("/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA GeForce RTX 3060\nIRQ: 138\n");
        assert_eq!(seen(driven).await, ["NVIDIA GeForce RTX 3060", "Intel graphics 4e61"]);
    }

    #[tokio::test]
    async fn wsl_asks_the_program_and_a_pi_its_board() {
        let wsl = Described::new().answer("nvidia-smi -L", "GPU 0: NVIDIA GeForce RTX 3060 (UUID: GPU-1)\n");
        assert_eq!(seen(wsl).await, ["NVIDIA GeForce RTX 3060"]);
        let pi = Described::new().file("/sys/class/drm/card1/device/uevent", "DRIVER=vc4-drm\nOF_COMPATIBLE_0=brcm,bcm2711-vc5\n");
        assert_eq!(seen(pi).await, ["Broadcom VideoCore (brcm,bcm2711-vc5)"]);
        assert!(seen(Described::new().ends("nvidia-smi -L", 9, "NVIDIA-SMI has failed")).await.is_empty());
    }
}

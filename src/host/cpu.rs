//! The processor: architecture, userland, model, cores, features. From /proc/cpuinfo, the device tree and ELF headers.

use crate::model::fact::Fact;
use crate::model::host::Cpu;
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// Looks at the processor.
pub(crate) async fn look(world: &World) -> Cpu {
    let files = &*world.files;
    let info = read::text(files, "/proc/cpuinfo");
    let machine = machine(world).await;
    Cpu {
        arch: match &machine {
            Ok((name, how)) => Fact::known(arch(name), how.clone()),
            Err(why) => Fact::unknown(why.clone()),
        },
        userland_bits: userland(world).await,
        model: model(files, info.as_deref()),
        cores: cores(files, info.as_deref()),
        features: match &info {
            Ok(info) => match features(info) {
                Some(found) => Fact::known(found, "/proc/cpuinfo"),
                None => Fact::unknown("/proc/cpuinfo lists no features for this processor"),
            },
            Err(why) => Fact::unknown(why.clone()),
        },
    }
}

/// The kernel's name of the machine, as `uname -m` has it, and how it was learnt.
async fn machine(world: &World) -> Result<(String, String), String> {
    // Kernels from 6.1 on say it in a file; before that only the call does.
    if let Some(name) = read::word(&*world.files, "/proc/sys/kernel/arch") {
        return Ok((name, "/proc/sys/kernel/arch".into()));
    }
    match read::run(world, "uname", &["-m"], 2).await {
        Ok(output) if output.ok() && !output.stdout.trim().is_empty() => Ok((output.stdout.trim().to_string(), "uname -m".into())),
        Ok(_) => Err("uname -m does not name the machine".into()),
        Err(why) => Err(why),
    }
}

/// Docker's word for what `uname -m` says.
pub(crate) fn arch(machine: &str) -> String {
    match machine {
        "x86_64" | "amd64" => "amd64",
        // `armv8l` is a 64-bit kernel that shows itself as 32-bit to a 32-bit program.
        "aarch64" | "arm64" | "armv8l" | "armv8b" => "arm64",
        "armv6l" | "armv7l" | "armhf" | "arm" => "arm",
        "i386" | "i486" | "i586" | "i686" | "x86" => "386",
        other => other,
    }
    .to_string()
}

/// 32 or 64: the programs of the distribution, not ours: ours may be static and of the other size.
async fn userland(world: &World) -> Fact<u32> {
    for path in ["/sbin/init", "/bin/sh", "/bin/busybox"] {
        if let Ok(bytes) = world.files.read(path)
            && let Some(bits) = elf_bits(&bytes)
        {
            return Fact::known(bits, format!("the ELF class of {path}"));
        }
    }
    match read::run(world, "getconf", &["LONG_BIT"], 2).await {
        Ok(output) => match output.stdout.trim() {
            "32" => Fact::known(32, "getconf LONG_BIT"),
            "64" => Fact::known(64, "getconf LONG_BIT"),
            _ => Fact::unknown("neither /sbin/init nor getconf tells whether programs here are 32-bit or 64-bit"),
        },
        Err(why) => Fact::unknown(why),
    }
}

/// 32 or 64 by the class byte of an ELF header (System V ABI, `EI_CLASS`).
fn elf_bits(bytes: &[u8]) -> Option<u32> {
    match bytes.get(..5)? {
        [0x7f, b'E', b'L', b'F', 1] => Some(32),
        [0x7f, b'E', b'L', b'F', 2] => Some(64),
        _ => None,
    }
}

/// The name a person would know it by: the maker's, else the board's, else the core's.
fn model(files: &dyn Files, info: Result<&str, &String>) -> Fact<String> {
    let board = read::word(files, "/proc/device-tree/model").map(|m| (m, "/proc/device-tree/model"));
    let info = match (info, &board) {
        (Ok(info), _) => info,
        (Err(why), None) => return Fact::unknown(why.clone()),
        (Err(_), Some((name, how))) => return Fact::known(name.clone(), *how),
    };
    // On ARM "model name" is the core's revision ("ARMv7 Processor rev 3 (v7l)"), which no one knows the machine by.
    if let Some(name) = field(info, "model name").filter(|n| !n.starts_with("ARM")) {
        return Fact::known(name, "/proc/cpuinfo");
    }
    if let Some((name, how)) = board {
        return Fact::known(name, how);
    }
    match field(info, "Model").or_else(|| core(info)).or_else(|| field(info, "model name")).or_else(|| field(info, "uarch")) {
        Some(name) => Fact::known(name, "/proc/cpuinfo"),
        None => Fact::unknown("neither /proc/cpuinfo nor the device tree names the processor"),
    }
}

/// The first value of a key of /proc/cpuinfo.
fn field(info: &str, key: &str) -> Option<String> {
    info.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(k, v)| k.trim() == key && !v.trim().is_empty())
        .map(|(_, v)| v.trim().into())
}

/// The name of an ARM core by implementer and part. From the kernel's `arch/arm64/include/asm/cputype.h`.
fn core(info: &str) -> Option<String> {
    let maker = field(info, "CPU implementer")?;
    let part = field(info, "CPU part")?;
    let name = match (maker.as_str(), part.as_str()) {
        ("0x41", "0xb76") => "ARM1176",
        ("0x41", "0xc07") => "ARM Cortex-A7",
        ("0x41", "0xc09") => "ARM Cortex-A9",
        ("0x41", "0xd03") => "ARM Cortex-A53",
        ("0x41", "0xd04") => "ARM Cortex-A35",
        ("0x41", "0xd05") => "ARM Cortex-A55",
        ("0x41", "0xd07") => "ARM Cortex-A57",
        ("0x41", "0xd08") => "ARM Cortex-A72",
        ("0x41", "0xd09") => "ARM Cortex-A73",
        ("0x41", "0xd0a") => "ARM Cortex-A75",
        ("0x41", "0xd0b") => "ARM Cortex-A76",
        ("0x41", "0xd41") => "ARM Cortex-A78",
        ("0x41", "0xd0c") => "ARM Neoverse-N1",
        ("0x41", "0xd40") => "ARM Neoverse-V1",
        ("0x41", "0xd49") => "ARM Neoverse-N2",
        ("0x61", _) => "Apple silicon",
        ("0xc0", _) => "Ampere",
        _ => return Some(format!("ARM processor {maker}, part {part}")),
    };
    Some(name.into())
}

/// `flags` on x86, `Features` on ARM, of the first processor listed.
fn features(info: &str) -> Option<Vec<String>> {
    let line = field(info, "flags").or_else(|| field(info, "Features"))?;
    Some(line.split_whitespace().map(Into::into).collect())
}

/// Logical processors that this process may use: its affinity, less what a container's quota takes.
fn cores(files: &dyn Files, info: Result<&str, &String>) -> Fact<u32> {
    let allowed = read::text(files, "/proc/self/status").ok().and_then(|s| field(&s, "Cpus_allowed_list")).and_then(|l| list_length(&l));
    let listed = info.ok().map(|i| i.lines().filter(|l| l.split(':').next().is_some_and(|k| k.trim() == "processor")).count() as u32);
    let (count, how) = match (allowed, listed.filter(|n| *n > 0)) {
        // In LXC, affinity may name processors of the host while /proc/cpuinfo shows the container's.
        (Some(a), Some(l)) if l < a => (l, "/proc/cpuinfo"),
        (Some(a), _) => (a, "Cpus_allowed_list in /proc/self/status"),
        (None, Some(l)) => (l, "/proc/cpuinfo"),
        (None, None) => return Fact::unknown("neither /proc/self/status nor /proc/cpuinfo tells the number of processors"),
    };
    match quota(files) {
        Some(limit) if limit < count => Fact::known(limit, "the processor limit of this container's cgroup"),
        _ => Fact::known(count, how),
    }
}

/// How many processors a list such as `0-3,8` has. None where it is no such list.
fn list_length(list: &str) -> Option<u32> {
    let mut sum: u32 = 0;
    for part in list.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        sum = sum.checked_add(to.checked_sub(from)?.checked_add(1)?)?;
    }
    Some(sum)
}

/// Whole processors that the topmost visible cgroup may use, at least 1. Only a container's has a limit: the real root has no such file.
fn quota(files: &dyn Files) -> Option<u32> {
    let (quota, period) = match read::word(files, "/sys/fs/cgroup/cpu.max") {
        Some(max) => {
            let (quota, period) = max.split_once(' ')?;
            (quota.to_string(), period.to_string())
        }
        None => (read::word(files, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?, read::word(files, "/sys/fs/cgroup/cpu/cpu.cfs_period_us")?),
    };
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    u32::try_from(quota.checked_div(period)?.max(1)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const N5105: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Celeron(R) N5105 @ 2.00GHz\nflags\t\t: fpu sse4_2 aes rdrand hypervisor\n\nprocessor\t: 1\nmodel name\t: Intel(R) Celeron(R) N5105 @ 2.00GHz\nflags\t\t: fpu sse4_2\n";
    const PI4: &str = "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\nHardware\t: BCM2835\nRevision\t: c03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n";
    const PI3_32: &str = "processor\t: 0\nmodel name\t: ARMv7 Processor rev 4 (v7l)\nBogoMIPS\t: 38.40\nFeatures\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32\nCPU implementer\t: 0x41\nCPU part\t: 0xd03\n\nHardware\t: BCM2835\nModel\t\t: Raspberry Pi 3 Model B Plus Rev 1.3\n";

    async fn seen(host: Described) -> Cpu {
        look(&host.world()).await
    }

    #[tokio::test]
    async fn a_small_computer_is_named_as_its_maker_names_it() {
        let cpu = seen(
            Described::new()
                .file("/proc/cpuinfo", N5105)
                .file("/proc/sys/kernel/arch", "x86_64\n")
                .file("/sbin/init", "\x7fELF\x02\x01\x01"),
        )
        .await;
        assert_eq!(cpu.arch.get().map(String::as_str), Some("amd64"));
        assert_eq!(cpu.userland_bits.get(), Some(&64));
        assert_eq!(cpu.model.get().map(String::as_str), Some("Intel(R) Celeron(R) N5105 @ 2.00GHz"));
        assert_eq!(cpu.cores.get(), Some(&2));
        assert!(!cpu.features.get().unwrap().contains(&"avx".to_string()));
    }

    #[tokio::test]
    async fn a_raspberry_pi_is_named_by_its_board_and_a_32_bit_system_on_a_64_bit_kernel_is_seen() {
        let pi = Described::new()
            .file("/proc/cpuinfo", PI4)
            .file("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
            .file("/bin/sh", "\x7fELF\x01\x01\x01")
            .answer("uname -m", "aarch64\n");
        let cpu = seen(pi).await;
        assert_eq!(cpu.arch.get().map(String::as_str), Some("arm64"));
        assert_eq!(cpu.userland_bits.get(), Some(&32));
        assert_eq!(cpu.model.get().map(String::as_str), Some("Raspberry Pi 4 Model B Rev 1.4"));
        let cpu =
            seen(Described::new().file("/proc/cpuinfo", PI3_32).answer("uname -m", "armv7l").answer("getconf LONG_BIT", "32\n")).await;
        assert_eq!(cpu.arch.get().map(String::as_str), Some("arm"));
        assert_eq!(cpu.userland_bits.get(), Some(&32));
        assert_eq!(cpu.model.get().map(String::as_str), Some("Raspberry Pi 3 Model B Plus Rev 1.3"));
    }

    #[tokio::test]
    async fn a_containers_quota_and_affinity_count() {
        let host = Described::new().file("/proc/cpuinfo", N5105).file("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-1\n");
        assert_eq!(seen(host.clone()).await.cores.get(), Some(&2));
        assert_eq!(seen(host.clone().file("/sys/fs/cgroup/cpu.max", "150000 100000\n")).await.cores.get(), Some(&1));
        assert_eq!(seen(host.file("/sys/fs/cgroup/cpu.max", "max 100000\n")).await.cores.get(), Some(&2));
    }

    #[tokio::test]
    async fn nothing_to_read_is_said() {
        let cpu = seen(Described::new()).await;
        assert_eq!(cpu.model.how(), "/proc/cpuinfo is not there");
        assert!(cpu.arch.get().is_none() && cpu.userland_bits.get().is_none() && cpu.cores.get().is_none());
    }

    #[test]
    fn cores_without_a_name_are_told_by_number() {
        assert_eq!(core("CPU implementer : 0x41\nCPU part : 0xd0b\n").as_deref(), Some("ARM Cortex-A76"));
        assert_eq!(core("CPU implementer : 0x51\nCPU part : 0x001\n").as_deref(), Some("ARM processor 0x51, part 0x001"));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in ".{0,400}", list in "[0-9,\\- ]{0,40}") {
            let _ = (features(&text), core(&text), field(&text, "a"), elf_bits(text.as_bytes()), list_length(&list), list_length(&text));
        }
    }
}

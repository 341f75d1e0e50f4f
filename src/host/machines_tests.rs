//! Whole machines, as their files read, through the whole probe: Ubuntu with LVM, Fedora with btrfs, a Proxmox container, WSL, Alpine, old Pis.

use super::described::Described;
use super::*;
use crate::model::engine::EngineInfo;
use crate::model::host::{DiskKind, DockerFlavour, DockerPresence, Mount, Sudo, VirtKind};

async fn seen(host: Described) -> HostReport {
    probe(&host.world(), &[], None, &|_, _| ()).await
}

fn value<T: Clone>(fact: &Fact<T>) -> T {
    fact.get().unwrap_or_else(|| panic!("unknown: {}", fact.how())).clone()
}

fn mounts(report: &HostReport) -> Vec<(String, String, Option<String>, DiskKind)> {
    value(&report.mounts).into_iter().map(|m: Mount| (m.path, m.fs, m.disk, m.kind)).collect()
}

/// What all have: /proc of a user, or of root where `uid` is set to 0 afterwards.
fn linux(kernel: &str, release: &str) -> Described {
    Described::new().uid(1000).variable("HOME", "/home/me").files(&[
        ("/proc/sys/kernel/osrelease", kernel),
        ("/etc/os-release", release),
        ("/proc/self/status", "Gid:\t1000\t1000\t1000\t1000\nGroups:\t27 1000 \nNoNewPrivs:\t0\n"),
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\n"),
        ("/etc/group", "sudo:x:27:me\nme:x:1000:\n"),
        ("/proc/meminfo", "MemTotal:        8000000 kB\nMemAvailable:    7000000 kB\nSwapTotal:        0 kB\n"),
    ])
}

const X86: &str = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i5-8500T CPU @ 2.10GHz\nflags\t\t: fpu vme sse4_2 avx avx2\n\n";

#[tokio::test]
async fn an_ubuntu_server_on_lvm_with_the_snap_of_docker() {
    let host = linux("7.0.0-14-generic\n", "PRETTY_NAME=\"Ubuntu 26.04 LTS\"\nVERSION_ID=\"26.04\"\nVERSION_CODENAME=resolute\nID=ubuntu\nID_LIKE=debian\n")
        .files(&[
            ("/proc/cpuinfo", X86),
            ("/proc/sys/kernel/arch", "x86_64\n"),
            ("/sbin/init", "\x7fELF\x02"),
            ("/proc/1/comm", "systemd\n"),
            ("/run/systemd/system/x", ""),
            ("/sys/class/dmi/id/sys_vendor", "Dell Inc.\n"),
            ("/sys/class/dmi/id/product_name", "OptiPlex 3060\n"),
            ("/proc/self/mountinfo", "29 1 252:0 / / rw,relatime shared:1 - ext4 /dev/mapper/ubuntu--vg-ubuntu--lv rw\n40 29 8:2 / /boot rw,relatime shared:2 - ext4 /dev/sda2 rw\n50 29 7:0 / /snap/docker/2963 ro,nodev shared:3 - squashfs /dev/loop0 ro\n35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n"),
            ("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc dmem\n"),
            ("/sys/block/sda/size", "488397168"),
            ("/sys/block/sda/queue/rotational", "0"),
            ("/sys/block/sda/sda2/partition", "2"),
            ("/sys/block/sda/sda2/size", "4194304"),
            ("/sys/block/sda/sda2/dev", "8:2"),
            ("/sys/block/sda/sda3/partition", "3"),
            ("/sys/block/sda/sda3/size", "484000000"),
            ("/sys/block/sda/sda3/dev", "8:3"),
            ("/sys/block/sda/sda3/holders/dm-0", ""),
            ("/sys/block/dm-0/dev", "252:0"),
            ("/sys/block/dm-0/size", "200000000"),
            ("/sys/block/dm-0/slaves/sda3", ""),
            ("/sys/block/loop0/size", "100"),
            ("/run/udev/data/b8:3", "E:ID_FS_TYPE=LVM2_member\n"),
            ("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
            ("/sys/module/apparmor/parameters/enabled", "Y\n"),
            ("/snap/bin/docker", ""),
        ])
        .link("/sys/dev/block/252:0", "../../devices/virtual/block/dm-0")
        .link("/sys/dev/block/8:2", "../../devices/pci0000:00/ata1/block/sda/sda2")
        .program("apparmor_parser")
        .program("systemctl")
        .ends("sudo -n true", 1, "")
        .engine(Ok(EngineInfo { version: "28.4.0".into(), root: "/var/snap/docker/common/var-lib-docker".into(), ..EngineInfo::default() }))
        .answer("systemctl is-enabled snap.docker.dockerd.service", "enabled\n")
        .answer("systemctl is-active snap.docker.dockerd.service", "active\n");
    let report = seen(host).await;
    assert_eq!(
        mounts(&report),
        [
            ("/".into(), "ext4".into(), Some("sda".into()), DiskKind::Ssd),
            ("/boot".into(), "ext4".into(), Some("sda".into()), DiskKind::Ssd)
        ]
    );
    let disks = value(&report.disks);
    assert_eq!(disks.len(), 1);
    assert_eq!((disks[0].volumes[1].fs.as_deref(), disks[0].volumes[1].mount.as_deref()), (Some("LVM2_member"), Some("/")));
    let DockerPresence::Running(engine) = value(&report.docker) else { panic!("it runs") };
    assert_eq!((engine.flavour, engine.enabled), (DockerFlavour::Snap, Some(true)));
    assert_eq!(value(&report.firewall).as_deref(), Some("ufw"));
    assert_eq!(value(&report.user).sudo, Sudo::Asks);
    assert_eq!(value(&report.virtualization).kind, VirtKind::None);
    assert!(value(&report.cgroup).controllers.contains(&"memory".to_string()) && value(&report.apparmor).parser);
}

#[tokio::test]
async fn a_fedora_server_on_btrfs_with_selinux_and_firewalld() {
    let host = linux("6.14.0-63.fc42.x86_64\n", "NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME=\"Fedora Linux 42 (Server Edition)\"\n")
        .files(&[
            ("/proc/cpuinfo", X86),
            ("/proc/sys/kernel/arch", "x86_64\n"),
            ("/proc/1/comm", "systemd\n"),
            ("/run/systemd/system/x", ""),
            ("/proc/self/mountinfo", "66 1 0:33 /root / rw,relatime shared:1 - btrfs /dev/nvme0n1p3 rw,seclabel,subvol=/root\n80 66 0:33 /home /home rw,relatime shared:40 - btrfs /dev/nvme0n1p3 rw,subvol=/home\n"),
            ("/sys/block/nvme0n1/size", "1000215216"),
            ("/sys/block/nvme0n1/nvme0n1p3/partition", "3"),
            ("/sys/block/nvme0n1/nvme0n1p3/size", "990000000"),
            ("/sys/block/nvme0n1/nvme0n1p3/dev", "259:3"),
            ("/sys/block/zram0/size", "16777216"),
            ("/sys/fs/selinux/enforce", "1"),
        ])
        .program("dnf")
        .program("firewall-cmd")
        .program("dockerd")
        .answer("systemctl is-active firewalld", "active\n")
        .answer("systemctl is-enabled docker.service", "disabled\n")
        .answer("systemctl is-active docker.service", "inactive\n");
    let report = seen(host).await;
    assert_eq!(mounts(&report)[0], ("/".into(), "btrfs".into(), Some("nvme0n1".into()), DiskKind::Nvme));
    assert_eq!(value(&report.disks)[0].volumes[0].mount.as_deref(), Some("/"));
    assert_eq!((value(&report.selinux).as_deref(), value(&report.firewall).as_deref()), (Some("enforcing"), Some("firewalld")));
    assert_eq!(value(&report.package_manager).as_deref(), Some("dnf"));
    assert_eq!(
        value(&report.docker),
        DockerPresence::Stopped {
            detail: "installed from packages; docker.service is disabled and inactive".into(),
            masked: false,
            snap: false,
            desktop: false,
        }
    );
}

#[tokio::test]
async fn a_proxmox_container_on_zfs_sees_its_own_memory_and_no_disk_below() {
    let host = linux("6.8.12-4-pve\n", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n").uid(0).files(&[
        ("/proc/cpuinfo", X86),
        ("/proc/1/comm", "systemd\n"),
        ("/proc/1/environ", "container=lxc\0TERM=linux\0"),
        ("/proc/self/mountinfo", "516 420 0:58 / / rw,relatime shared:292 - zfs rpool/data/subvol-101-disk-0 rw,xattr,posixacl\n530 517 0:66 /proc/meminfo /proc/meminfo rw,nosuid - fuse.lxcfs lxcfs rw\n540 518 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"),
        ("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"),
        ("/sys/fs/cgroup/memory.max", "2147483648\n"),
    ]);
    let report = seen(host).await;
    assert_eq!(value(&report.virtualization).kind, VirtKind::Lxc);
    assert_eq!(mounts(&report), [("/".into(), "zfs".into(), None, DiskKind::Unknown)]);
    assert_eq!(value(&report.memory).total, 2_147_483_648);
    assert_eq!(value(&report.user).sudo, Sudo::NotNeeded);
    assert_eq!(report.disks.how(), "/sys/block is not there");
}

#[tokio::test]
async fn wsl_shows_its_virtual_disk_and_windows_behind_it() {
    let host = linux("5.15.167.4-microsoft-standard-WSL2\n", "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\n").files(&[
        ("/proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD Ryzen 7 5800X 8-Core Processor\nflags\t\t: fpu hypervisor avx\n"),
        ("/proc/1/comm", "init(Ubuntu)\n"),
        ("/proc/self/mountinfo", "78 63 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard\n120 78 0:68 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs\n121 78 0:70 / /mnt/wslg rw,relatime - tmpfs none rw\n"),
        ("/sys/block/sdc/size", "2147483648"),
        ("/sys/block/sdc/dev", "8:32"),
        ("/sys/block/sdc/device/vendor", "Msft    \n"),
        ("/sys/block/sdc/device/model", "Virtual Disk    \n"),
        ("/sys/block/sdc/queue/rotational", "1\n"),
    ]);
    let report = seen(host).await;
    let virt = value(&report.virtualization);
    assert_eq!((virt.kind, virt.name.as_str()), (VirtKind::Wsl, "wsl2"));
    assert_eq!(
        mounts(&report),
        [
            ("/".into(), "ext4".into(), Some("sdc".into()), DiskKind::Virtual),
            ("/mnt/c".into(), "9p".into(), None, DiskKind::Unknown),
            ("/mnt/wslg".into(), "tmpfs".into(), None, DiskKind::Unknown)
        ]
    );
    assert_eq!((value(&report.init).as_str(), value(&report.service_manager)), ("other", None));
}

#[tokio::test]
async fn alpine_with_openrc_and_musl() {
    let host = linux("6.12.13-0-lts\n", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.21.3\nPRETTY_NAME=\"Alpine Linux v3.21\"\n")
        .files(&[
            ("/proc/cpuinfo", X86),
            ("/proc/1/comm", "init\n"),
            ("/run/openrc/softlevel", "default"),
            ("/etc/runlevels/default/docker", ""),
            ("/bin/busybox", "\x7fELF\x02"),
            ("/proc/self/mountinfo", "20 1 8:3 / / rw,relatime - ext4 /dev/sda3 rw\n"),
        ])
        .link("/bin/sh", "/bin/busybox")
        .link("/etc/localtime", "/etc/zoneinfo/Europe/Brussels")
        .program("rc-service")
        .program("apk")
        .program("dockerd")
        .ends("ip -j addr", 1, "")
        .answer("uname -m", "x86_64\n");
    let report = seen(host).await;
    assert_eq!((value(&report.init).as_str(), value(&report.service_manager).as_deref()), ("openrc", Some("rc-service")));
    assert_eq!((value(&report.package_manager).as_deref(), value(&report.cpu.userland_bits)), (Some("apk"), 64));
    assert_eq!(value(&report.timezone), "Europe/Brussels");
    assert_eq!(
        value(&report.docker),
        DockerPresence::Stopped {
            detail: "installed from packages; OpenRC starts it at boot".into(),
            masked: false,
            snap: false,
            desktop: false
        }
    );
    assert_eq!(value(&report.user).sudo, Sudo::Missing);
    assert_eq!(report.cgroup.how(), "no cgroups are mounted at /sys/fs/cgroup");
}

#[tokio::test]
async fn a_pi_four_with_a_32_bit_system_on_a_64_bit_kernel() {
    let host = linux("6.6.31+rpt-rpi-v8\n", "PRETTY_NAME=\"Raspbian GNU/Linux 12 (bookworm)\"\nID=raspbian\nID_LIKE=debian\nVERSION_ID=\"12\"\n").files(&[
        ("/proc/cpuinfo", "processor\t: 0\nmodel name\t: ARMv7 Processor rev 3 (v7l)\nFeatures\t: half thumb fastmult vfp edsp neon crc32\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n"),
        ("/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0"),
        ("/proc/sys/kernel/arch", "aarch64\n"),
        ("/sbin/init", "\x7fELF\x01"),
        ("/proc/self/mountinfo", "26 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n30 20 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"),
        ("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t0\t60\t0\n"),
        ("/sys/block/mmcblk0/size", "62333952"),
        ("/sys/block/mmcblk0/device/type", "SD\n"),
        ("/sys/block/mmcblk0/mmcblk0p2/partition", "2"),
        ("/sys/block/mmcblk0/mmcblk0p2/dev", "179:2"),
    ]);
    let report = seen(
        host.link("/sys/dev/block/179:2", "../../devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0/mmcblk0p2"),
    )
    .await;
    assert_eq!((value(&report.cpu.arch).as_str(), value(&report.cpu.userland_bits)), ("arm64", 32));
    assert_eq!(value(&report.cpu.model), "Raspberry Pi 4 Model B Rev 1.4");
    assert_eq!(mounts(&report), [("/".into(), "ext4".into(), Some("mmcblk0".into()), DiskKind::SdCard)]);
    let cgroup = value(&report.cgroup);
    assert_eq!((cgroup.version, cgroup.controllers), (1, vec!["cpu".to_string()]));
}

#[tokio::test]
async fn an_old_pi_three_is_arm_through_and_through() {
    let host = linux("5.10.103-v7+\n", "PRETTY_NAME=\"Raspbian GNU/Linux 10 (buster)\"\nID=raspbian\nVERSION_ID=\"10\"\n")
        .file("/proc/cpuinfo", "processor\t: 0\nmodel name\t: ARMv7 Processor rev 4 (v7l)\nFeatures\t: half thumb neon\nCPU part\t: 0xd03\n\nHardware\t: BCM2835\nModel\t\t: Raspberry Pi 3 Model B Plus Rev 1.3\n")
        .answer("uname -m", "armv7l\n")
        .answer("getconf LONG_BIT", "32\n")
        .answer("getconf PAGESIZE", "4096\n");
    let report = seen(host).await;
    assert_eq!((value(&report.cpu.arch).as_str(), value(&report.cpu.userland_bits), value(&report.page_size)), ("arm", 32, 4096));
    assert_eq!(value(&report.cpu.model), "Raspberry Pi 3 Model B Plus Rev 1.3");
}

//! Rules about memory, swap and the kernel's accounting of it.

use super::outcome::{Facts, Outcome, elsewhere, known, only_on_cluster};
use crate::model::answers::PlatformKind;
use crate::model::check::Fix;
use crate::recipe::condition::LOW_MEMORY;
use crate::words::figures;

/// Up to this many bytes only the small shape is sensible.
pub const SMALL_ONLY: u64 = 1_200_000_000;
/// What a camera recorder needs at least to start, with the system around it, in bytes.
const LEAST: u64 = 400_000_000;

/// ram-too-low
pub fn total(f: &Facts) -> Outcome {
    if !f.on_docker() && !f.cluster_here() {
        return elsewhere();
    }
    let total = known!(f.host.memory).total;
    let seen = format!("{} of memory", figures::memory(total));
    // MicroK8s refuses at 512 MB and kubeadm below 1700 MB; both leave nothing for the site then.
    let cluster = match f.answers.platform {
        PlatformKind::Microk8s => Some(("MicroK8s", 540_000_000, 4_000_000_000)),
        PlatformKind::Kubernetes => Some(("a new Kubernetes", 1_700_000_000, 4_000_000_000)),
        _ => None,
    };
    if let Some((name, least, good)) = cluster {
        if total < least {
            return Outcome::block(
                format!("{seen}: {name} does not start with so little"),
                "Run on Docker (platform.kind = \"docker\"), or add memory.",
            );
        }
        if total < good {
            return Outcome::warn(format!("{seen}: tight for {name} and the site"), "Docker takes about 1.4 GB less. Or add memory.");
        }
    }
    if f.full() && total <= SMALL_ONLY {
        return Outcome::block(
            format!("{seen}: too little for library, database and video store together"),
            "Use the small shape (cameras alone, recording to the disk), or add memory.",
        )
        .fix(Fix::SmallShape);
    }
    if total < LEAST {
        return Outcome::warn(format!("{seen}: too little for more than one camera"), "Use a machine with at least 1 GB of memory.");
    }
    if let Some(needed) = f.needs.memory_bytes.filter(|needed| *needed > total) {
        let outcome = Outcome::warn(
            format!("{seen}, and the parts set aside {} together", figures::memory(needed)),
            "Expect parts to be stopped for want of memory. Fewer cameras, smaller streams or more memory help.",
        );
        return if f.full() { outcome.fix(Fix::SmallShape) } else { outcome };
    }
    if f.full() && total < LOW_MEMORY {
        return Outcome::warn(
            format!("{seen}: enough for a few cameras, with smaller settings"),
            "Nothing to do now. With many cameras, use the small shape or add memory.",
        )
        .fix(Fix::SmallShape);
    }
    Outcome::pass(seen)
}

/// memory-available-low: what other programs leave over now.
pub fn available(f: &Facts) -> Outcome {
    if !f.on_docker() && !f.cluster_here() {
        return elsewhere();
    }
    if f.stands() {
        return Outcome::skip("this site runs already and has its share");
    }
    let available = known!(f.host.memory).available;
    let least = if f.full() { 900_000_000 } else { 250_000_000 };
    if available < least {
        Outcome::warn(
            format!("{} of memory are free now; other programs use the rest", figures::memory(available)),
            "See who uses it with: ps aux --sort=-rss | head. Stop what you do not need.",
        )
    } else {
        Outcome::pass(format!("{} of memory are free", figures::memory(available)))
    }
}

/// memory-no-swap: a peak has nowhere to go on a small machine.
pub fn swap_missing(f: &Facts) -> Outcome {
    if !f.on_docker() {
        return Outcome::skip("a cluster has its own rule");
    }
    let memory = known!(f.host.memory);
    if memory.swap > 0 || memory.total >= LOW_MEMORY {
        return Outcome::pass(format!("{} of memory and {} of swap", figures::memory(memory.total), figures::memory(memory.swap)));
    }
    Outcome::warn(
        format!("{} of memory and no swap: a short peak stops a part", figures::memory(memory.total)),
        "On a disk or SSD (not on an SD card), give it 1 GB: sudo fallocate -l 1G /swapfile && sudo chmod 600 /swapfile && sudo mkswap \
         /swapfile && sudo swapon /swapfile && echo '/swapfile none swap sw 0 0' | sudo tee -a /etc/fstab",
    )
}

/// swap-on: kubelet of a plain cluster refuses swap.
pub fn swap_on(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if f.answers.platform != PlatformKind::Kubernetes {
        return Outcome::skip("only for a new Kubernetes on this machine");
    }
    let memory = known!(f.host.memory);
    if memory.swap == 0 {
        return Outcome::pass("no swap");
    }
    Outcome::warn(
        format!("{} of swap are on; a new Kubernetes on this machine refuses it", figures::memory(memory.swap)),
        "Switch it off: sudo swapoff -a && sudo sed -i.bak '/\\sswap\\s/s/^/#/' /etc/fstab. An existing cluster elsewhere is not touched by this.",
    )
}

/// cgroup-memory-disabled
pub fn cgroup(f: &Facts) -> Outcome {
    if !f.on_docker() && !f.cluster_here() {
        return elsewhere();
    }
    let on = known!(f.host.cgroup).controllers.iter().any(|c| c == "memory");
    // The engine knows better than the files do: it is the one that sets the limits.
    let engine_can = f.engine().map(|e| e.memory_limit);
    if engine_can.unwrap_or(on) && (on || f.on_docker()) {
        return Outcome::pass("memory of each part can be limited");
    }
    let raspberry = f.host.cpu.model.get().is_some_and(|m| m.contains("Raspberry"))
        || f.host.kernel.get().is_some_and(|k| k.contains("rpi") || k.contains("raspi"));
    let how = if raspberry {
        "Add to the end of the one line in /boot/firmware/cmdline.txt (older systems: /boot/cmdline.txt): cgroup_enable=memory \
         cgroup_memory=1 – then: sudo reboot"
    } else {
        "Add cgroup_enable=memory to the kernel's command line (Debian, Ubuntu: GRUB_CMDLINE_LINUX in /etc/default/grub, then sudo \
         update-grub) and restart the machine."
    };
    let seen = "the kernel does not count memory per part (the memory cgroup is off)";
    if f.on_docker() {
        Outcome::warn(format!("{seen}: no part can be held to its share"), how)
    } else {
        Outcome::block(format!("{seen}: a cluster does not start"), how)
    }
}

/// cgroup-v1-too-old
pub fn cgroup_version(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.cluster_here() {
        return elsewhere();
    }
    match known!(f.host.cgroup).version {
        2 => Outcome::pass("cgroup version 2"),
        version => Outcome::warn(
            format!("cgroup version {version}; Kubernetes from 1.35 on asks for version 2"),
            "Add systemd.unified_cgroup_hierarchy=1 to the kernel's command line and restart, or install a newer system.",
        ),
    }
}

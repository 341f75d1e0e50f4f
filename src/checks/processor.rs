//! Rules about the processor, the kernel on it and the size of memory pages: what decides whether an image can start at all.

use super::need::ImageNeed;
use super::outcome::{Facts, Outcome, elsewhere, known};
use crate::model::check::Fix;
use crate::model::host::VirtKind;
use crate::recipe::condition::{self, Truth};

/// The database's image among the chosen ones.
fn database<'a>(f: &Facts<'a>) -> Option<&'a ImageNeed> {
    f.needs.images.iter().find(|i| i.part == "mongodb" || i.name.rsplit('/').next() == Some("mongo"))
}

/// Ends early where there is no database, or its machine is another one.
fn without_database(f: &Facts) -> Option<Outcome> {
    if !f.on_docker() && !f.cluster_here() {
        Some(elsewhere())
    } else if f.database_here() {
        None
    } else {
        Some(Outcome::skip("no database is installed with this site"))
    }
}

/// MongoDB's major version as chosen; 0 where the tag does not tell.
fn major(image: &ImageNeed) -> u32 {
    condition::version(&image.tag).map_or(0, |v| v.0)
}

fn virtual_hint(f: &Facts) -> &'static str {
    match f.virt() {
        Some(VirtKind::Vm) => {
            " This is a virtual machine: where its host's processor has it, set the machine's processor type to \"host\" \
             (in Proxmox: Hardware, Processors, Type) and switch it off and on again."
        }
        _ => "",
    }
}

/// A machine that only MongoDB 4.4 starts on.
fn only_4_4(f: &Facts, truth: Truth, (arch, name): (&str, &str), lacks: &str, has: &str) -> Outcome {
    match truth {
        _ if f.host.cpu.arch.get().is_some_and(|a| a != arch) => Outcome::pass(format!("the processor is no {name}")),
        Truth::Unknown(why) => Outcome::skip(format!("not known: {why}")),
        Truth::No => Outcome::pass(has),
        Truth::Yes => match database(f) {
            Some(image) if major(image) > 4 => Outcome::block(
                format!("{lacks}, so MongoDB {} would not start here", image.tag),
                format!("Take MongoDB 4.4.18 in the recipe, or a database on another machine (services.database).{}", virtual_hint(f)),
            ),
            _ => Outcome::warn(
                format!("{lacks}, so MongoDB 4.4 is used: newer ones would not start here"),
                format!(
                    "Nothing to do. 4.4 works; it gets no security fixes since 2024, and only the other parts can reach it.{}",
                    virtual_hint(f)
                ),
            ),
        },
    }
}

/// mongo-no-avx
pub fn mongo_no_avx(f: &Facts) -> Outcome {
    let Some(outcome) = without_database(f) else {
        return only_4_4(
            f,
            condition::cpu_no_avx(f.host, f.answers),
            ("amd64", "Intel or AMD"),
            "the processor has no AVX",
            "the processor has what MongoDB asks of an Intel or AMD",
        );
    };
    outcome
}

/// mongo-armv8-0
pub fn mongo_armv8_0(f: &Facts) -> Outcome {
    let Some(outcome) = without_database(f) else {
        return only_4_4(
            f,
            condition::cpu_before_armv8_2(f.host, f.answers),
            ("arm64", "64-bit ARM"),
            "the processor is an ARMv8.0 (as in a Raspberry Pi 3 or 4)",
            "the processor has what MongoDB asks of a 64-bit ARM",
        );
    };
    outcome
}

/// A machine on which MongoDB 8 does not start and 7.0 does.
fn not_8(f: &Facts, seen: String) -> Outcome {
    match database(f) {
        Some(image) if major(image) >= 8 => {
            Outcome::block(format!("{seen}: MongoDB {} does not start on it", image.tag), "Take MongoDB 7.0 in the recipe: it does.")
        }
        _ => Outcome::warn(
            format!("{seen}: MongoDB 7.0 or older is used, 8.0 does not start on it"),
            "Nothing to do: kerbup takes a version that starts. Do not update the database to 8.0 by hand.",
        ),
    }
}

/// mongo-kernel-6-19
pub fn mongo_kernel(f: &Facts) -> Outcome {
    if let Some(outcome) = without_database(f) {
        return outcome;
    }
    let kernel = known!(f.host.kernel);
    match condition::kernel_from_6_19(f.host, f.answers) {
        Truth::Unknown(why) => Outcome::skip(format!("not known: {why}")),
        Truth::No => Outcome::pass(format!("kernel {kernel}")),
        Truth::Yes => not_8(f, format!("kernel {kernel}")),
    }
}

/// mongo-pi5-crash: a Pi 5, or pages of more than 4 KiB, with MongoDB 8.
pub fn mongo_pi5(f: &Facts) -> Outcome {
    if let Some(outcome) = without_database(f) {
        return outcome;
    }
    let model = known!(f.host.cpu.model);
    let pi5 = condition::find("raspberry-pi-5").is_some_and(|p| (p.test)(f.host, f.answers).holds());
    if !pi5 {
        return Outcome::pass(format!("{model}: not a Raspberry Pi 5"));
    }
    match database(f) {
        Some(image) if major(image) >= 8 => Outcome::warn(
            format!("MongoDB {} is known to stop again and again on a Raspberry Pi 5", image.tag),
            "Take MongoDB 7.0 in the recipe if the recordings list does not stay up.",
        ),
        _ => Outcome::pass("the chosen MongoDB runs on a Raspberry Pi 5"),
    }
}

/// pagesize-16k-jemalloc
pub fn page_size(f: &Facts) -> Outcome {
    let size = *known!(f.host.page_size);
    if size <= 4096 {
        return Outcome::pass("memory pages of 4 KiB");
    }
    let raspberry =
        f.host.kernel.get().is_some_and(|k| k.contains("rpi")) || f.host.cpu.model.get().is_some_and(|m| m.contains("Raspberry"));
    let how = if raspberry {
        "If a part stops again and again, switch to the other kernel: echo 'kernel=kernel8.img' | sudo tee -a /boot/firmware/config.txt \
         && sudo reboot"
    } else {
        "If a part stops again and again, install your distribution's kernel with 4 KiB pages."
    };
    Outcome::warn(format!("memory pages of {} KiB: some programs are built for 4 KiB only", size / 1024), how)
}

/// cpu-no-x86-64-v2
pub fn x86_64_v2(f: &Facts) -> Outcome {
    if !f.on_docker() && !f.cluster_here() {
        return elsewhere();
    }
    if !f.video_store_here() {
        return Outcome::skip("no video store is installed with this site");
    }
    match condition::cpu_no_x86_64_v2(f.host, f.answers) {
        Truth::Unknown(why) => Outcome::skip(format!("not known: {why}")),
        Truth::No => Outcome::pass("the processor has what MinIO asks for"),
        Truth::Yes => {
            let minio = f.needs.images.iter().find(|i| i.part == "minio" || i.name.ends_with("minio/minio"));
            let seen = "the processor lacks x86-64-v2, which MinIO's usual build asks for";
            match minio {
                Some(image) if image.tag.contains("cpuv1") => {
                    Outcome::warn(format!("{seen}: its build for older processors is used"), format!("Nothing to do.{}", virtual_hint(f)))
                }
                _ => Outcome::block(
                    seen,
                    format!("Use the small shape (cameras alone), or a video store on another machine.{}", virtual_hint(f)),
                )
                .fix(Fix::SmallShape),
            }
        }
    }
}

/// os-32bit-userland
pub fn userland(f: &Facts) -> Outcome {
    let bits = *known!(f.host.cpu.userland_bits);
    if bits >= 64 {
        return Outcome::pass("a 64-bit system");
    }
    let kernel64 = f.host.cpu.arch.get().is_some_and(|a| a == "arm64" || a == "amd64");
    let seen = if kernel64 { "the kernel is 64-bit, but the system's programs are 32-bit" } else { "the system is 32-bit" };
    let advice = "Install the 64-bit edition of your system (copy what you need to another disk first).";
    if f.full() {
        Outcome::block(
            format!("{seen}: the database and the library are made for 64-bit only"),
            format!("{advice} Or use the small shape: cameras alone."),
        )
        .fix(Fix::SmallShape)
    } else {
        Outcome::warn(format!("{seen}: the newest camera recorder may have no build for it"), advice)
    }
}

/// architecture-unusual: neither amd64 nor arm64.
pub fn architecture(f: &Facts) -> Outcome {
    let arch = known!(f.host.cpu.arch);
    match arch.as_str() {
        "amd64" | "arm64" => Outcome::pass(arch.clone()),
        // Said by os-32bit-userland, with what to do about it.
        "arm" | "386" => Outcome::skip("32-bit: see the other line"),
        other => Outcome::warn(
            format!("the processor is {other}; the parts are made for amd64 and arm64"),
            "Use a machine with an Intel, AMD or 64-bit ARM processor. The lines about images say which part is missing.",
        ),
    }
}

/// cpu-too-few: kubeadm refuses one processor; on Docker the cameras' movement search wants a share of one each.
pub fn cores(f: &Facts) -> Outcome {
    if !f.on_docker() && !f.cluster_here() {
        return elsewhere();
    }
    let cores = *known!(f.host.cpu.cores);
    let cameras = f.answers.cameras.len();
    if cores < 2 && !f.on_docker() {
        return Outcome::block(
            "one processor: a cluster's control plane asks for two",
            "Give the machine two processors, or run on Docker (platform.kind = \"docker\").",
        );
    }
    // A core looks for movement in several 1080p streams; four is what a small board still bears.
    if cameras > cores as usize * 4 {
        return Outcome::warn(
            format!("{cameras} cameras on {cores} processors: looking for movement may fall behind"),
            "Give a smaller second stream (sub_url) for each camera, or record always instead of on movement.",
        );
    }
    Outcome::pass(format!("{cores} processors"))
}

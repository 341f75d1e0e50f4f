//! Rules that matter on a cluster only, as far as this machine shows them. On Docker each is skipped with that word.

use super::outcome::{Facts, Outcome, elsewhere, known, only_on_cluster};
use crate::model::answers::PlatformKind;
use crate::model::host::VirtKind;
use crate::words::figures;

/// A program that is present.
fn has(fact: &crate::model::fact::Fact<Option<String>>) -> bool {
    matches!(fact.get(), Some(Some(_)))
}

/// kubeconfig-missing
pub fn kubeconfig(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    let wanted = match f.answers.platform {
        PlatformKind::Eks => "eks",
        PlatformKind::Gke => "gke",
        PlatformKind::Aks => "aks",
        _ => return Outcome::skip("only for a cluster somewhere else"),
    };
    let contexts = known!(f.host.kubeconfig);
    let advice = match wanted {
        "eks" => "Fetch it: aws eks update-kubeconfig --region REGION --name CLUSTER",
        "gke" => "Fetch it: gcloud container clusters get-credentials CLUSTER --region REGION",
        _ => "Fetch it: az aks get-credentials --resource-group GROUP --name CLUSTER",
    };
    if contexts.is_empty() {
        return Outcome::block("no cluster is known here: there is no kubeconfig", advice);
    }
    match contexts.iter().find(|c| c.provider.as_deref() == Some(wanted)) {
        Some(context) => Outcome::pass(context.name.clone()),
        // A private name in front of the cluster hides whose it is.
        None => Outcome::warn(format!("no context of the kubeconfig looks like {wanted}"), advice),
    }
}

/// pvc-storageclass-missing: where nothing on the cluster makes disks by itself.
pub fn storage_class(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    let advice = "See with: kubectl get storageclass – and name one in the site file (storage.class). kerbup asks the cluster before it applies \
                  anything.";
    match f.answers.platform {
        PlatformKind::Docker => Outcome::skip("only for clusters"),
        PlatformKind::Microk8s => Outcome::pass("MicroK8s brings one (hostpath-storage)"),
        PlatformKind::Gke | PlatformKind::Aks => Outcome::pass("this cloud marks one as the default"),
        // EKS from 1.30 on marks none, and its disk driver is an add-on of its own.
        PlatformKind::Eks => {
            Outcome::warn("a new EKS cluster has no default storage class, and its disk driver (EBS CSI) is an add-on", advice)
        }
        PlatformKind::Kubernetes => {
            let contexts = known!(f.host.kubeconfig);
            if has(&f.host.tools.k3s) {
                Outcome::pass("k3s brings one (local-path)")
            } else if has(&f.host.tools.kubeadm) || contexts.is_empty() {
                Outcome::warn("a cluster made with kubeadm has no storage class: the parts would wait for a disk for ever", advice)
            } else {
                Outcome::skip("told by the cluster itself")
            }
        }
    }
}

/// gpu-request-no-gpu
pub fn gpu(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.cluster_here() {
        return elsewhere();
    }
    let gpus = known!(f.host.gpus);
    if gpus.iter().any(|g| g.to_ascii_lowercase().contains("nvidia")) {
        return Outcome::pass(gpus.join(", "));
    }
    Outcome::warn(
        "no NVIDIA graphics processor: data filtering as upstream ships it would wait for one for ever",
        "Leave data filtering off (options.data_filtering = false), and do not switch on MicroK8s' nvidia add-on.",
    )
}

/// hub-pipeline-50mi-limits
pub fn hub_limits(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.answers.hub {
        return Outcome::pass("Hub is not chosen");
    }
    Outcome::warn(
        "upstream's settings give three of Hub's parts 50 MB of memory, and they are killed for want of more",
        "Give hub-pipeline-thumbnail, -sprite and -dominantcolor at least 512 MB in Hub's values (request 512Mi, limit 2Gi).",
    )
}

/// hub-memory: what Hub's parts set aside together by the chart.
pub fn hub_memory(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.answers.hub {
        return Outcome::skip("Hub is not chosen");
    }
    if !f.cluster_here() {
        return elsewhere();
    }
    let total = known!(f.host.memory).total;
    if total < 8_000_000_000 {
        return Outcome::warn(
            format!("Hub sets aside 3.2 GB beside cluster and cameras; this machine has {}", figures::memory(total)),
            "Use a machine with 16 GB for Hub, or leave it off (options.hub = false).",
        );
    }
    Outcome::pass("enough memory for Hub")
}

/// lxc-microk8s
pub fn lxc(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.cluster_here() {
        return elsewhere();
    }
    match known!(f.host.virtualization).kind {
        VirtKind::Lxc => Outcome::block(
            "this is an LXC container (as on Proxmox), in which a cluster does not start without its host's help",
            "Use a virtual machine instead, or run on Docker.",
        ),
        VirtKind::Container => {
            Outcome::block("this is a container, in which no cluster can be made", "Start kerbup on the machine itself.")
        }
        _ => Outcome::pass("not inside a container"),
    }
}

/// snapd-missing-or-blocked
pub fn snapd(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if f.answers.platform != PlatformKind::Microk8s {
        return Outcome::skip("only for MicroK8s");
    }
    if has(&f.host.tools.microk8s) {
        return Outcome::pass("MicroK8s is installed");
    }
    match known!(f.host.tools.snapd) {
        Some(version) => Outcome::pass(format!("snapd {version}")),
        None => Outcome::block(
            "snapd is missing, which MicroK8s comes with",
            "Install it: sudo apt install -y snapd && sudo systemctl enable --now snapd.socket",
        ),
    }
}

/// kernel-vxlan-missing: Ubuntu keeps it in a package of its own on the Raspberry Pi.
pub fn vxlan(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.cluster_here() {
        return elsewhere();
    }
    let kernel = known!(f.host.kernel);
    if kernel.ends_with("-raspi") {
        return Outcome::warn(
            "Ubuntu's kernel for the Raspberry Pi may lack vxlan, without which parts find no network",
            "Install it: sudo apt install linux-modules-extra-raspi && sudo reboot – it is there when this says nothing: modinfo vxlan > /dev/null",
        );
    }
    Outcome::pass(format!("kernel {kernel}"))
}

/// firewalld-active
pub fn firewalld(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.cluster_here() {
        return elsewhere();
    }
    match known!(f.host.firewall).as_deref() {
        Some(name) if name.starts_with("firewalld") => Outcome::warn(
            "firewalld is on: it keeps a cluster's parts from each other",
            "Open what it needs: sudo firewall-cmd --permanent --add-port={6443,10250}/tcp --add-port=8472/udp --add-port=30000-32767/tcp && sudo \
             firewall-cmd --reload",
        ),
        Some(name) if name.starts_with("ufw") => Outcome::warn(
            "ufw is on: it keeps a cluster's parts from each other",
            "Let them through: sudo ufw default allow routed && sudo ufw allow in on vxlan.calico && sudo ufw allow in on cali+",
        ),
        Some(name) => Outcome::pass(format!("{name} is on")),
        None => Outcome::pass("no firewall is on"),
    }
}

/// microk8s-forward-drop: Docker drops what is forwarded, and MicroK8s' parts are.
pub fn forward_drop(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if f.answers.platform != PlatformKind::Microk8s {
        return Outcome::skip("only for MicroK8s");
    }
    known!(f.host.docker);
    if f.engine().is_none() {
        return Outcome::pass("no Docker beside it");
    }
    Outcome::warn(
        "Docker runs here too and drops what MicroK8s' parts send outside",
        "If parts cannot reach cameras: sudo snap restart microk8s (after Docker), or sudo iptables -P FORWARD ACCEPT",
    )
}

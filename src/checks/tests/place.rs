//! Which place suits a machine, and what is said of days and of routes.

use super::site::*;
use super::*;
use crate::model::answers::PlatformKind::Microk8s;

#[test]
fn a_vpn_that_takes_the_whole_internet_overlaps_nothing() {
    let mut world = base();
    let mut routes = world.host.network.routes.get().unwrap().clone();
    for half in ["0.0.0.0/1", "128.0.0.0/1"] {
        routes.push(Route { to: half.into(), via: Some("10.8.0.1".parse().unwrap()), device: "tun0".into() });
    }
    world.host.network.routes = k(routes);
    world.answers.subnet = Some("10.210.7.0/24".into());
    assert_eq!(outcome(&world, "site-subnet").status, Status::Pass);
    assert_eq!(outcome(&world, "docker-subnet-overlap").status, Status::Pass);
    on(&mut world, Microk8s);
    assert_eq!(outcome(&world, "pod-cidr-lan-overlap").status, Status::Pass);
}

#[test]
fn each_machine_is_recommended_what_suits_it() {
    let nuc = recommend(&base().facts());
    assert_eq!((nuc.platform, nuc.shape), (PlatformKind::Docker, Shape::Full));
    assert!(nuc.because.contains("7.6 GB"), "{}", nuc.because);

    let mut tiny = base();
    tiny.host.memory = k(Memory { total: 970_000_000, available: 800_000_000, swap: 0 });
    assert_eq!(recommend(&tiny.facts()).shape, Shape::Small);
    assert_eq!(choices(&tiny.facts())[0].title, "Small");
    assert!(choices(&tiny.facts())[1].available.is_err());

    let mut old = base();
    pi(&mut old, 4);
    old.host.cpu.userland_bits = k(32);
    assert!(recommend(&old.facts()).because.contains("32-bit"));

    let mut pi5 = base();
    pi(&mut pi5, 5);
    assert_eq!(recommend(&pi5.facts()).shape, Shape::Full);
    pi5.image("vault", |i| i.arches = Fact::unknown("not asked"));
    let doubt = recommend(&pi5.facts());
    assert!(doubt.shape == Shape::Full && doubt.because.contains("do not know yet"), "{}", doubt.because);
    pi5.image("vault", |i| i.arches = k(vec!["amd64".into()]));
    let out = recommend(&pi5.facts());
    assert!(out.shape == Shape::Small && out.because.contains("Vault"), "{}", out.because);

    let mut blind = base();
    blind.host = HostReport::default();
    assert_eq!(recommend(&blind.facts()).shape, Shape::Full);
}

#[test]
fn what_is_recommended_can_be_chosen() {
    for generation in [0, 4, 5] {
        for bits in [32, 64] {
            for total in [500_000_000, 1_000_000_000, 2_000_000_000, 8_000_000_000] {
                let mut world = base();
                if generation > 0 {
                    pi(&mut world, generation);
                }
                world.host.cpu.userland_bits = k(bits);
                world.host.memory = k(Memory { total, available: total, swap: 0 });
                let best = recommend(&world.facts());
                let rows = choices(&world.facts());
                assert_eq!(rows.iter().filter(|r| r.recommended).count(), 1);
                assert_eq!((rows[0].platform, rows[0].shape, &rows[0].because), (best.platform, best.shape, &best.because));
                assert!(rows[0].recommended && rows[0].available.is_ok());
            }
        }
    }
}

#[test]
fn clusters_are_shown_and_not_yet_to_be_had() {
    let mut world = base();
    context(&mut world, "prod", Some("gke"));
    let rows = choices(&world.facts());
    let titles: Vec<_> = rows.iter().map(|r| r.title.as_str()).collect();
    assert_eq!(titles, ["Docker", "MicroK8s", "Kubernetes", "Managed cloud", "Small"]);
    for row in &rows[1..4] {
        assert!(row.available.as_ref().unwrap_err().contains("installs on Docker"));
    }
    assert_eq!(rows[3].platform, PlatformKind::Gke);
    assert!(rows[3].says.contains("prod"));
    assert!(rows[0].available.is_ok() && rows[4].available.is_ok());
}

#[test]
fn days_that_fit_are_told() {
    let mut world = base();
    // 8 Mbit/s are 86.4 GB a day; 420 GB free less a tenth of 490 leaves room for four days.
    world.tried("front-door", Ok(8e6));
    let advice = outcome(&world, "disk-recordings-days").advice;
    assert!(advice.contains("keep 4 days"), "{advice}");
    assert_eq!(outcome(&base(), "disk-recordings-days").status, Status::Skip);
}

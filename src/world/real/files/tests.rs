//! Files as they are on a real disk.

use super::*;

fn place() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn a_write_replaces_the_whole_file_with_the_mode_asked_for_and_leaves_nothing_else() {
    let (_dir, at) = place();
    let file = format!("{at}/site.toml");
    RealFiles.write(&file, b"a long first text", 0o644).unwrap();
    RealFiles.write(&file, b"short", 0o600).unwrap();
    assert_eq!(RealFiles.read(&file).unwrap(), b"short");
    assert_eq!(RealFiles.meta(&file).unwrap().mode, 0o600);
    assert_eq!(RealFiles.list(&at).unwrap(), ["site.toml"]);
}

#[test]
fn a_write_that_fails_leaves_the_old_and_no_temporary_file() {
    let (_dir, at) = place();
    RealFiles.create_folder(&format!("{at}/taken"), 0o755).unwrap();
    RealFiles.write(&format!("{at}/taken/x"), b"x", 0o600).unwrap();
    assert!(RealFiles.write(&format!("{at}/taken"), b"y", 0o600).is_err());
    assert_eq!(RealFiles.list(&at).unwrap(), ["taken"]);
}

#[test]
fn what_a_cut_left_beside_a_file_goes_with_the_next_write() {
    let (_dir, at) = place();
    let left = |id: u32, number: &str| format!("{at}/.kerbup.{id}-{number}.part");
    let ours = std::process::id();
    // By a process that is gone, by numbers that others have now, and by one that is still at it.
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    for path in [left(u32::MAX, "0"), left(other.id(), "7"), left(ours, "900")] {
        fs::write(path, b"half").unwrap();
    }
    let _writing = fs::File::create(left(ours, "901")).unwrap();
    RealFiles.write(&format!("{at}/kerbup"), b"whole", 0o755).unwrap();
    assert_eq!(RealFiles.list(&at).unwrap(), [format!(".kerbup.{ours}-901.part"), "kerbup".into()]);
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn removing_a_tree_leaves_what_its_links_point_to() {
    let (_dir, at) = place();
    RealFiles.create_folder(&format!("{at}/keep"), 0o755).unwrap();
    RealFiles.write(&format!("{at}/keep/video"), b"v", 0o600).unwrap();
    RealFiles.create_folder(&format!("{at}/tree"), 0o755).unwrap();
    RealFiles.create_folder(&format!("{at}/tree/deep"), 0o755).unwrap();
    RealFiles.write(&format!("{at}/tree/deep/f"), b"f", 0o600).unwrap();
    RealFiles.link(&format!("{at}/keep"), &format!("{at}/tree/deep/link")).unwrap();
    RealFiles.remove_tree(&format!("{at}/tree/")).unwrap();
    assert_eq!(RealFiles.list(&at).unwrap(), ["keep"]);
    assert_eq!(RealFiles.read(&format!("{at}/keep/video")).unwrap(), b"v");
}

#[test]
fn modes_are_not_set_through_a_link() {
    let (_dir, at) = place();
    RealFiles.write(&format!("{at}/file"), b"f", 0o600).unwrap();
    RealFiles.link(&format!("{at}/file"), &format!("{at}/link")).unwrap();
    assert!(RealFiles.set_mode(&format!("{at}/link"), 0o777).is_err());
    assert_eq!(RealFiles.meta(&format!("{at}/file")).unwrap().mode, 0o600);
}

#[test]
fn a_tree_that_is_a_link_or_not_there_is_not_removed() {
    let (_dir, at) = place();
    RealFiles.create_folder(&format!("{at}/keep"), 0o755).unwrap();
    RealFiles.link(&format!("{at}/keep"), &format!("{at}/link")).unwrap();
    assert!(RealFiles.remove_tree(&format!("{at}/link")).is_err());
    assert_eq!(RealFiles.remove_tree(&format!("{at}/none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(RealFiles.list(&at).unwrap(), ["keep", "link"]);
}

#[test]
fn a_tree_on_another_file_system_is_not_entered() {
    // /proc is a mount point of its own on every Linux.
    assert_eq!(RealFiles.remove_tree("/proc").unwrap_err().kind(), io::ErrorKind::CrossesDevices);
}

#[test]
fn a_lock_is_held_by_one_and_free_after_it() {
    let (_dir, at) = place();
    let path = format!("{at}/lock");
    let held = RealFiles.lock(&path).unwrap();
    assert!(held.is_some());
    assert!(RealFiles.lock(&path).unwrap().is_none());
    drop(held);
    assert!(RealFiles.lock(&path).unwrap().is_some());
}

#[test]
fn additions_go_to_the_end_of_a_private_file_and_a_reserve_does_not_lengthen_it() {
    let (_dir, at) = place();
    let path = format!("{at}/journal");
    let mut journal = RealFiles.append(&path).unwrap();
    journal.append(b"one\n").unwrap();
    journal.reserve(65536).unwrap();
    journal.append(b"two\n").unwrap();
    assert_eq!(RealFiles.read(&path).unwrap(), b"one\ntwo\n");
    assert_eq!(RealFiles.meta(&path).unwrap().mode, 0o600);
    let room = RealFiles.space(&at).unwrap();
    assert!(room.free > 0 && room.free <= room.total);
    assert!(journal.reserve(room.total.saturating_mul(2)).is_err());
}

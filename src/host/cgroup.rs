//! cgroups: the version and the controllers that are on. On a Raspberry Pi the memory controller is off unless the boot line says otherwise.

use crate::model::fact::Fact;
use crate::model::host::Cgroup;
use crate::world::files::Files;

use super::{mountinfo, read};

/// Looks at the cgroups.
pub(crate) fn look(files: &dyn Files) -> Fact<Cgroup> {
    let mounts = match read::text(files, "/proc/self/mountinfo") {
        Ok(text) => mountinfo::parse(&text),
        Err(why) => return Fact::unknown(why),
    };
    if mounts.iter().any(|m| m.path == "/sys/fs/cgroup" && m.fs == "cgroup2") {
        return match read::text(files, "/sys/fs/cgroup/cgroup.controllers") {
            Ok(list) => Fact::known(Cgroup { version: 2, controllers: words(&list) }, "/sys/fs/cgroup/cgroup.controllers"),
            Err(why) => Fact::unknown(why),
        };
    }
    if mounts.iter().any(|m| m.fs == "cgroup") {
        return match read::text(files, "/proc/cgroups") {
            Ok(table) => Fact::known(Cgroup { version: 1, controllers: enabled(&table) }, "/proc/cgroups"),
            Err(why) => Fact::unknown(why),
        };
    }
    Fact::unknown("no cgroups are mounted at /sys/fs/cgroup")
}

fn words(list: &str) -> Vec<String> {
    list.split_whitespace().map(Into::into).collect()
}

/// Names in /proc/cgroups (`name hierarchy num_cgroups enabled`) that are enabled and mounted: hierarchy 0 is not.
fn enabled(table: &str) -> Vec<String> {
    let on = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields.as_slice() {
            [name, hierarchy, _, "1"] if *hierarchy != "0" && !name.starts_with('#') => Some((*name).to_string()),
            _ => None,
        }
    };
    table.lines().filter_map(on).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    #[test]
    fn version_two_lists_its_controllers() {
        let host = Described::new()
            .file("/proc/self/mountinfo", "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n")
            .file("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n");
        let fact = look(&host);
        assert_eq!(fact.get(), Some(&Cgroup { version: 2, controllers: vec!["cpuset".into(), "cpu".into(), "io".into(), "pids".into()] }));
    }

    #[test]
    fn version_one_leaves_out_what_is_off() {
        let host = Described::new()
            .file("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n")
            .file("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t0\t12\t0\nnet_cls\t0\t1\t1\npids\t8\t1\t1\n");
        let fact = look(&host);
        assert_eq!(fact.get(), Some(&Cgroup { version: 1, controllers: vec!["cpu".into(), "pids".into()] }));
    }

    #[test]
    fn no_cgroups_is_said() {
        assert_eq!(look(&Described::new().file("/proc/self/mountinfo", "")).how(), "no cgroups are mounted at /sys/fs/cgroup");
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "([a-z0-9#]|\t|\n|.){0,80}") {
            let _ = (enabled(&text), words(&text));
        }
    }
}

//! SELinux and AppArmor.

use crate::model::fact::Fact;
use crate::model::host::AppArmor;
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// The mode of SELinux; none where there is no SELinux.
pub(crate) fn selinux(files: &dyn Files) -> Fact<Option<String>> {
    const STATE: &str = "/sys/fs/selinux/enforce";
    match read::text(files, STATE).map(|t| t.trim().to_string()) {
        Ok(state) if state == "1" => Fact::known(Some("enforcing".into()), STATE),
        Ok(state) if state == "0" => Fact::known(Some("permissive".into()), STATE),
        Ok(_) => Fact::unknown(format!("{STATE} is neither 0 nor 1")),
        Err(_) if read::there(files, "/etc/selinux/config") => {
            Fact::known(Some("disabled".into()), "/etc/selinux/config is there and the kernel has it off")
        }
        Err(why) if read::there(files, STATE) => Fact::unknown(why),
        Err(_) => Fact::known(None, format!("{STATE} is not there")),
    }
}

/// AppArmor in the kernel, and the program that loads its profiles.
pub(crate) fn apparmor(world: &World) -> Fact<AppArmor> {
    const STATE: &str = "/sys/module/apparmor/parameters/enabled";
    let parser = world.processes.find("apparmor_parser").is_some();
    match read::text(&*world.files, STATE) {
        Ok(state) => Fact::known(AppArmor { enabled: state.trim() == "Y", parser }, STATE),
        Err(why) if read::there(&*world.files, STATE) => Fact::unknown(why),
        Err(_) => Fact::known(AppArmor { enabled: false, parser }, format!("{STATE} is not there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;

    #[test]
    fn selinux_has_four_states() {
        let of = |host: Described| selinux(&host).get().cloned().flatten();
        assert_eq!(of(Described::new().file("/sys/fs/selinux/enforce", "1")).as_deref(), Some("enforcing"));
        assert_eq!(of(Described::new().file("/sys/fs/selinux/enforce", "0")).as_deref(), Some("permissive"));
        assert_eq!(of(Described::new().file("/etc/selinux/config", "SELINUX=disabled\n")).as_deref(), Some("disabled"));
        assert_eq!(of(Described::new()), None);
        assert_eq!(selinux(&Described::new().denied("/sys/fs/selinux/enforce")).get(), Some(&None));
    }

    #[test]
    fn apparmor_needs_its_parser() {
        let on = Described::new().file("/sys/module/apparmor/parameters/enabled", "Y\n");
        assert_eq!(apparmor(&on.clone().world()).get(), Some(&AppArmor { enabled: true, parser: false }));
        assert_eq!(apparmor(&on.program("apparmor_parser").world()).get(), Some(&AppArmor { enabled: true, parser: true }));
        assert_eq!(apparmor(&Described::new().world()).get(), Some(&AppArmor { enabled: false, parser: false }));
    }
}

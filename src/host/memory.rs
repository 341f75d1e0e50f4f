//! Memory, swap and the size of a memory page.

use crate::model::fact::Fact;
use crate::model::host::Memory;
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// Type of the page size's entry in the auxiliary vector (`AT_PAGESZ` of getauxval(3)).
const AT_PAGESZ: u64 = 6;

/// Memory, less what a container may not use.
pub(crate) fn look(files: &dyn Files) -> Fact<Memory> {
    let info = match read::text(files, "/proc/meminfo") {
        Ok(info) => info,
        Err(why) => return Fact::unknown(why),
    };
    let Some(memory) = meminfo(&info) else { return Fact::unknown("/proc/meminfo does not tell the memory") };
    // Only a container sees a limit at the top of its cgroups; LXC shows it in /proc/meminfo already.
    let limit = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|p| read::word(files, p)?.parse::<u64>().ok());
    match limit {
        Some(limit) if limit < memory.total => Fact::known(
            Memory { total: limit, available: memory.available.min(limit), ..memory },
            "the memory limit of this container's cgroup",
        ),
        _ => Fact::known(memory, "/proc/meminfo"),
    }
}

/// Bytes of a memory page.
pub(crate) async fn page_size(world: &World) -> Fact<u64> {
    if let Ok(vector) = world.files.read("/proc/self/auxv")
        && let Some(size) = auxiliary(&vector, size_of::<usize>(), AT_PAGESZ)
    {
        return Fact::known(size, "/proc/self/auxv");
    }
    match read::run(world, "getconf", &["PAGESIZE"], 2).await {
        Ok(output) => match output.stdout.trim().parse() {
            Ok(size) => Fact::known(size, "getconf PAGESIZE"),
            Err(_) => Fact::unknown("getconf does not tell the size of a memory page"),
        },
        Err(why) => Fact::unknown(why),
    }
}

/// Reads `MemTotal`, `MemAvailable` (or what stood for it before kernel 3.14) and `SwapTotal`, which are in KiB.
fn meminfo(info: &str) -> Option<Memory> {
    let entry = |key: &str| {
        let (_, value) = info.lines().filter_map(|l| l.split_once(':')).find(|(k, _)| *k == key)?;
        value.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    let total = entry("MemTotal")?;
    let available = entry("MemAvailable")
        .or_else(|| entry("MemFree")?.checked_add(entry("Buffers").unwrap_or(0))?.checked_add(entry("Cached").unwrap_or(0)))?;
    Some(Memory { total, available: available.min(total), swap: entry("SwapTotal").unwrap_or(0) })
}

/// The value of an entry of the auxiliary vector: pairs of numbers, each as wide as a word of this program.
fn auxiliary(vector: &[u8], width: usize, wanted: u64) -> Option<u64> {
    let number = |bytes: &[u8]| match width {
        4 => Some(u64::from(u32::from_ne_bytes(bytes.try_into().ok()?))),
        _ => Some(u64::from_ne_bytes(bytes.try_into().ok()?)),
    };
    vector.chunks_exact(width * 2).find(|pair| number(&pair[..width]) == Some(wanted)).and_then(|pair| number(&pair[width..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const PI4: &str = "MemTotal:        3884912 kB\nMemFree:         2113960 kB\nMemAvailable:    3301552 kB\nBuffers:           62112 kB\nCached:          1194040 kB\nSwapTotal:        524284 kB\nSwapFree:         524284 kB\n";

    #[test]
    fn a_pi_has_four_gigabytes() {
        let files = Described::new().file("/proc/meminfo", PI4);
        let fact = look(&files);
        assert_eq!(fact.get(), Some(&Memory { total: 3_978_149_888, available: 3_380_789_248, swap: 536_866_816 }));
    }

    #[test]
    fn a_containers_limit_counts_and_none_is_none() {
        let files = Described::new().file("/proc/meminfo", PI4);
        let limited = look(&files.clone().file("/sys/fs/cgroup/memory.max", "1073741824\n"));
        assert_eq!(limited.get().map(|m| (m.total, m.available)), Some((1 << 30, 1 << 30)));
        let free = look(&files.clone().file("/sys/fs/cgroup/memory.max", "max\n"));
        assert_eq!(free.get().map(|m| m.total), Some(3_978_149_888));
        let old = look(&files.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"));
        assert_eq!(old.get().map(|m| m.total), Some(3_978_149_888));
    }

    #[test]
    fn a_file_that_may_not_be_read_is_said() {
        let fact = look(&Described::new().denied("/proc/meminfo"));
        assert_eq!(fact.how(), "/proc/meminfo may not be read by this user");
    }

    #[tokio::test]
    async fn the_page_size_of_a_pi_5_is_sixteen_kilobytes() {
        assert_eq!(page_size(&Described::new().answer("getconf PAGESIZE", "16384\n").world()).await.get(), Some(&16384));
        let vector: Vec<u8> = [33u64, 9, 6, 16384, 0, 0].iter().flat_map(|n| n.to_ne_bytes()).collect();
        assert_eq!(auxiliary(&vector, 8, AT_PAGESZ), Some(16384));
        let vector: Vec<u8> = [6u32, 4096, 0, 0].iter().flat_map(|n| n.to_ne_bytes()).collect();
        assert_eq!(auxiliary(&vector, 4, AT_PAGESZ), Some(4096));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(MemTotal|MemAvailable|:| |[0-9]{1,25}|kB|\n|.){0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (meminfo(&text), auxiliary(&bytes, 8, 6), auxiliary(&bytes, 4, 6));
        }
    }
}

//! The file system of an image, as a tar on stdout: `image mongod|vault|agent [BUSYBOX]`. It is
//! written here, not by tar(1), because the Agent's program carries a file capability, and setting
//! that on a real file needs rights that a build should not need. Same input, same bytes.

use crate::agent::config;
use std::io::{Result, Write};

/// Commands that the real images have and scripts around them use.
const COMMANDS: [&str; 33] = [
    "sh", "ash", "bash", "id", "chown", "chmod", "ls", "cat", "cp", "mv", "rm", "mkdir", "touch", "test", "stat", "sleep", "env", "echo",
    "true", "false", "find", "grep", "sed", "head", "tail", "df", "du", "ps", "kill", "date", "wget", "nc", "sync",
];

/// VFS_CAP_REVISION_2 with the effective bit, and CAP_NET_BIND_SERVICE (bit 10) permitted.
const NET_BIND_SERVICE: [u8; 20] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

pub fn write(args: &[String]) -> u8 {
    let busybox = args.get(1).map(std::fs::read).transpose();
    let program = std::env::current_exe().and_then(std::fs::read);
    let result = busybox.and_then(|busybox| {
        let mut tar = Tar(Vec::new());
        let program = program?;
        match args.first().map(String::as_str) {
            Some("mongod") => mongod(&mut tar, &program)?,
            Some("vault") => vault(&mut tar, &program)?,
            Some("agent") => agent(&mut tar, &program)?,
            _ => return Err(std::io::Error::other("usage: image mongod|vault|agent [BUSYBOX]")),
        }
        if let Some(busybox) = busybox {
            tar.folder("bin", 0o755, 0)?;
            tar.file("bin/busybox", 0o755, 0, &busybox)?;
            for name in COMMANDS {
                tar.link(&format!("bin/{name}"), "busybox")?;
            }
        }
        tar.0.extend([0; 1024]);
        std::io::stdout().write_all(&tar.0)
    });
    match result {
        Ok(()) => 0,
        Err(error) => {
            crate::out::complain(error.to_string());
            1
        }
    }
}

fn base(tar: &mut Tar, passwd: &str, group: &str) -> Result<()> {
    tar.folder("etc", 0o755, 0)?;
    tar.file("etc/passwd", 0o644, 0, format!("root:x:0:0:root:/root:/bin/sh\n{passwd}").as_bytes())?;
    tar.file("etc/group", 0o644, 0, format!("root:x:0:\n{group}").as_bytes())?;
    tar.folder("root", 0o700, 0)?;
    tar.folder("tmp", 0o1777, 0)
}

fn mongod(tar: &mut Tar, program: &[u8]) -> Result<()> {
    base(tar, "mongodb:x:999:999::/data/db:/bin/sh\n", "mongodb:x:999:\n")?;
    for name in ["usr", "usr/bin", "usr/local", "usr/local/bin", "data"] {
        tar.folder(name, 0o755, 0)?;
    }
    tar.file("usr/bin/mongod", 0o755, 0, program)?;
    tar.link("usr/local/bin/docker-entrypoint.sh", "/usr/bin/mongod")?;
    tar.folder("data/db", 0o755, 999)?;
    tar.folder("data/configdb", 0o755, 999)
}

fn vault(tar: &mut Tar, program: &[u8]) -> Result<()> {
    base(tar, "", "")?;
    for name in ["usr", "usr/local", "usr/local/bin"] {
        tar.folder(name, 0o755, 0)?;
    }
    tar.file("usr/local/bin/vault", 0o755, 0, program)
}

fn agent(tar: &mut Tar, program: &[u8]) -> Result<()> {
    base(tar, "agent:x:999:999::/home/agent:/bin/sh\n", "video:x:44:agent\nkerberosio:x:999:\n")?;
    tar.folder("home", 0o755, 0)?;
    tar.folder("home/agent", 0o755, 999)?;
    tar.capable("home/agent/main", program)?;
    tar.folder("home/agent/data", 0o755, 999)?;
    for name in ["config", "recordings", "cloud", "snapshots", "log", "capture-test"] {
        tar.folder(&format!("home/agent/data/{name}"), 0o755, 999)?;
    }
    let template = serde_json::to_vec_pretty(&config::template())?;
    tar.file("home/agent/data/config.template.json", 0o644, 999, &template)?;
    tar.file("home/agent/data/config/config.json", 0o644, 999, &template)
}

/// A POSIX tar in memory; owner and group have one number.
struct Tar(Vec<u8>);

impl Tar {
    fn folder(&mut self, name: &str, mode: u32, owner: u32) -> Result<()> {
        self.entry(&format!("{name}/"), b'5', mode, owner, "", &[])
    }

    fn file(&mut self, name: &str, mode: u32, owner: u32, data: &[u8]) -> Result<()> {
        self.entry(name, b'0', mode, owner, "", data)
    }

    fn link(&mut self, name: &str, to: &str) -> Result<()> {
        self.entry(name, b'2', 0o777, 0, to, &[])
    }

    /// A program with its capability, in a pax record before it.
    fn capable(&mut self, name: &str, data: &[u8]) -> Result<()> {
        let mut record = b" SCHILY.xattr.security.capability=".to_vec();
        record.extend(NET_BIND_SERVICE);
        record.push(b'\n');
        // The length at the record's start counts its own digits.
        let length = (record.len()..).find(|length| length.to_string().len() + record.len() == *length).unwrap_or_default();
        record.splice(0..0, length.to_string().bytes());
        self.entry("PaxHeaders/main", b'x', 0o644, 0, "", &record)?;
        self.file(name, 0o755, 0, data)
    }

    fn entry(&mut self, name: &str, kind: u8, mode: u32, owner: u32, target: &str, data: &[u8]) -> Result<()> {
        if name.len() > 100 || target.len() > 100 {
            return Err(std::io::Error::other(format!("{name}: too long for a tar header")));
        }
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
        put(0, name.as_bytes());
        put(100, format!("{mode:07o}").as_bytes());
        put(108, format!("{owner:07o}").as_bytes());
        put(116, format!("{owner:07o}").as_bytes());
        put(124, format!("{:011o}", data.len()).as_bytes());
        put(136, b"00000000001");
        put(148, b"        ");
        put(156, &[kind]);
        put(157, target.as_bytes());
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0.extend(header);
        self.0.extend(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_fill_whole_blocks_and_pax_counts_itself() -> Result<()> {
        let mut tar = Tar(Vec::new());
        tar.capable("home/agent/main", b"x")?;
        assert_eq!(tar.0.len(), 4 * 512);
        assert!(tar.0[512..].starts_with(b"57 SCHILY.xattr.security.capability=\x01"));
        assert_eq!(&tar.0[512 + 56..512 + 58], b"\n\0");
        Ok(())
    }
}

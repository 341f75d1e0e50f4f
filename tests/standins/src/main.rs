//! The stand-ins: one static program that behaves as `mongod`, `vault` or the Agent's `main`,
//! chosen by the name it is started under or by its first argument. `publish` puts it in images.

mod agent;
mod http;
mod image;
mod jwt;
mod misbehave;
mod mongod;
mod out;
mod vault;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Not `args()`: it panics on what is not UTF-8.
    let mut args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut name = base(args.first().map(String::as_str).unwrap_or_default()).to_owned();
    // `docker-entrypoint.sh mongod …` and `kerbup-standins agent …` carry the part's name as first argument.
    if !matches!(name.as_str(), "mongod" | "docker-entrypoint.sh" | "vault" | "main") && args.len() > 1 {
        args.remove(0);
        name = args[0].clone();
    }
    let rest = args.get(1..).unwrap_or_default();
    let code = match name.as_str() {
        "image" => image::write(rest),
        "docker-entrypoint.sh" => misbehave::at_start().unwrap_or_else(|| mongod::entrypoint::run(rest)),
        "mongod" => misbehave::at_start().unwrap_or_else(|| mongod::run(rest)),
        "vault" => misbehave::at_start().unwrap_or_else(|| vault::run(rest)),
        "main" | "agent" => misbehave::at_start().unwrap_or_else(|| agent::run(rest)),
        _ => {
            crate::out::complain("usage: kerbup-standins mongod|vault|agent|image …");
            2
        }
    };
    ExitCode::from(code)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

//! Arguments in, exit code out; everything between is `commands`.

use std::process::ExitCode;

/// The allocator of the C library that static programs are linked with never gives back what was freed.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => return ExitCode::FAILURE,
    };
    let code = runtime.block_on(kerbup::commands::run(std::env::args_os().collect()));
    // A thread that still reads the keyboard must not hold the program back.
    runtime.shutdown_background();
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

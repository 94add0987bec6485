//! Ending with the process that started this one, even when it was killed.

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::getppid;

/// Asks the kernel for SIGTERM at the parent's end.
///
/// # Errors
/// When the kernel refuses, or the parent ended before it could be asked.
pub fn end_with_it() -> anyhow::Result<()> {
    let parent = getppid();
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    // It may have ended before the kernel was asked; then somebody else has adopted this process.
    anyhow::ensure!(getppid() == parent, "the parent has ended already");
    Ok(())
}

//! A pseudo-terminal that looks like a serial line: it can be pulled out, and what nobody reads is lost.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

/// How often a full terminal is tried again before what is said is lost, and how long that waits.
const TRIES: u32 = 10;
const WAIT: Duration = Duration::from_millis(10);

/// A line that is plugged in; dropping it pulls it out.
#[derive(Debug)]
pub(super) struct Plug {
    link: PathBuf,
    out: File,
    /// Kept open, so that programs may come and go.
    slave: OwnedFd,
    pulled: Arc<AtomicBool>,
    reading: Option<JoinHandle<()>>,
}

impl Plug {
    /// Makes a terminal that is found at `link`; what is written to it is given to `hears` from a thread of its own.
    pub(super) fn put(link: &Path, hears: impl Fn(Vec<u8>) + Send + 'static) -> anyhow::Result<Plug> {
        let pty = openpty(None, None)?;
        let mut raw = tcgetattr(&pty.slave)?;
        cfmakeraw(&mut raw);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &raw)?;
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let name = ttyname(&pty.slave)?;
        let out = File::from(pty.master);
        let from = out.try_clone()?;
        let pulled = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&pulled);
        let reading = std::thread::spawn(move || read(from, &ends, hears));
        if link.symlink_metadata().is_ok() {
            std::fs::remove_file(link)?;
        }
        symlink(&name, link).with_context(|| format!("{} cannot be made", link.display()))?;
        Ok(Plug { link: link.to_owned(), out, slave: pty.slave, pulled, reading: Some(reading) })
    }

    /// Says something. What nobody reads for long is lost, as on a cable.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        let (mut rest, mut tries) = (bytes, 0);
        while !rest.is_empty() && tries < TRIES {
            match self.out.write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    tries += 1;
                    std::thread::sleep(WAIT);
                }
                Err(_) => return,
            }
        }
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.link);
        self.pulled.store(true, Ordering::SeqCst);
        // Wakes the reading thread, whose handle would keep the terminal alive.
        let woken = self.slave.try_clone().and_then(|slave| File::from(slave).write_all(b"\n"));
        if let (Ok(()), Some(reading)) = (woken, self.reading.take()) {
            let _ = reading.join();
        }
    }
}

fn read(mut from: File, pulled: &AtomicBool, hears: impl Fn(Vec<u8>)) {
    let mut bytes = [0u8; 1024];
    loop {
        let waited = poll(&mut [PollFd::new(from.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE);
        if pulled.load(Ordering::SeqCst) {
            return;
        }
        match waited.map_err(std::io::Error::from).and_then(|_| from.read(&mut bytes)) {
            Ok(count) if count > 0 => hears(bytes.get(..count).unwrap_or_default().to_vec()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Ok(_) | Err(_) => std::thread::sleep(WAIT),
        }
    }
}

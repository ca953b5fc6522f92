//! A watcher on a thread of its own, for who must not sleep. Only the latest look is kept: who is slow sees several
//! changes as one, and nothing piles up.

use super::watched::Both;
use super::watcher::Watcher;
use nix::poll::PollFlags;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Ends the thread when it is dropped.
pub struct Live {
    latest: Arc<Mutex<Option<Both>>>,
    control: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// `notify` is called when there is something to take and nothing lay there before. What it returns says whether
    /// anybody listens.
    pub fn start(watcher: Watcher, notify: impl Fn() -> bool + Send + 'static) -> io::Result<Live> {
        let (control, asked) = UnixStream::pair()?;
        let latest = Arc::new(Mutex::new(None));
        let shared = latest.clone();
        let thread = std::thread::spawn(move || {
            let mut out = Outlet { known: watcher.seen(), latest: shared, notify };
            // The thread ends with who listens; an error of poll(2) itself cannot be mended by trying again.
            let _ = run(watcher, asked, &mut out);
        });
        Ok(Live { latest, control: Some(control), thread: Some(thread) })
    }

    /// What was seen last, if that was not taken already.
    pub fn take(&self) -> Option<Both> {
        lock(&self.latest).take()
    }

    /// Asks for everything to be read anew. Answered even if nothing changed.
    pub fn reread(&mut self) -> io::Result<()> {
        self.control.as_mut().map_or(Ok(()), |control| control.write_all(b"r"))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.control = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(latest: &Mutex<Option<Both>>) -> MutexGuard<'_, Option<Both>> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Outlet<F> {
    known: Both,
    latest: Arc<Mutex<Option<Both>>>,
    notify: F,
}

impl<F: Fn() -> bool> Outlet<F> {
    /// Returns whether anybody listens.
    fn put(&mut self, seen: Both, always: bool) -> bool {
        if !always && seen.is(&self.known) {
            return true;
        }
        self.known = seen.clone();
        let lay_there = lock(&self.latest).replace(seen).is_some();
        lay_there || (self.notify)()
    }
}

fn run<F: Fn() -> bool>(mut watcher: Watcher, mut asked: UnixStream, out: &mut Outlet<F>) -> io::Result<()> {
    loop {
        let woken = watcher.wait(&[(asked.as_fd(), PollFlags::POLLIN)])?;
        let was_asked = woken.other.is_some();
        if was_asked && asked.read(&mut [0; 16])? == 0 {
            return Ok(());
        }
        // What the kernel told of comes first; whatever else may have changed meanwhile, after it.
        watcher.read(&woken);
        if !out.put(watcher.seen(), false) {
            return Ok(());
        }
        watcher.read_rest(&woken);
        if !out.put(watcher.seen(), was_asked) {
            return Ok(());
        }
    }
}

//! The least that anybody needs who waits for a mount table to change: poll(2), and reading the table once.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::AsFd;

pub struct Least {
    file: File,
    /// Memory that is there already.
    bytes: Vec<u8>,
}

impl Least {
    /// `process`: a number, or `self`.
    pub fn open(process: &str) -> Least {
        let file = File::open(format!("/proc/{process}/mountinfo")).expect("open mountinfo");
        Least { file, bytes: Vec::with_capacity(4 << 20) }
    }

    fn poll(&self, patience: PollTimeout) {
        poll(&mut [PollFd::new(self.file.as_fd(), PollFlags::POLLPRI)], patience).expect("poll");
    }

    /// What happened up to now is nothing to wait for.
    pub fn rest(&self) {
        self.poll(PollTimeout::ZERO);
    }

    pub fn one(&mut self) {
        self.poll(PollTimeout::NONE);
        self.bytes.clear();
        self.file.seek(SeekFrom::Start(0)).expect("seek");
        self.file.read_to_end(&mut self.bytes).expect("read");
        black_box(&self.bytes);
    }
}

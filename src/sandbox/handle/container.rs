//! The container as seen from the UI: how it is cloned, how execve replaces its agent, what it looks like.

use super::Sandbox;
use super::ask::{PATIENCE, ask, broken, called, no_container};
use super::process::{facts, mountinfo, pid_of, unreadable};
use crate::lab::LabError;
use crate::mounts::MountTable;
use crate::op::Call;
use crate::sandbox::elsewhere::namespaces_of;
use crate::sandbox::table::read_table;
use crate::sandbox::wire::{Reply, Request, Wire};
use crate::sandbox::{idmap, ledger, sys};
use crate::session::SideState;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

pub(super) struct Agent {
    /// None once execve has replaced the agent.
    pub(super) wire: Option<Wire>,
    pub(super) pidfd: OwnedFd,
    /// Its number in the practice host and on the machine.
    pub(super) pid_host: i32,
    pub(super) pid: i32,
    /// Opened before any chroot: shows the whole namespace for good, until the process moves to another one.
    pub(super) mountinfo: File,
    /// The inode number of the mount namespace that `mountinfo` shows.
    pub(super) namespace: Option<u64>,
    pub(super) table: MountTable,
    pub(super) terminal: Option<OwnedFd>,
}

impl Sandbox {
    pub(super) fn clone_container(&mut self, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        if self.agent.is_some() {
            return Err(LabError::Broken("there is a container already".into()));
        }
        let (wire, theirs) = Wire::pair().map_err(|errno| broken("make a socket for the container", errno))?;
        self.ask_stage(&Request::AgentSocket, &[theirs.as_fd()])?;
        drop(theirs);
        let (result, micros) = called(self.ask_stage(&Request::Perform(call.clone()), &[])?.0)?;
        if let Ok(pid_host) = result {
            let pid_host = pid_host as i32;
            let (_, mut fds) = self.ask_stage(&Request::Pidfd { pid: pid_host }, &[])?;
            let pidfd = fds.pop().ok_or_else(|| LabError::Broken("no pidfd came back".into()))?;
            let pid = pid_of(&pidfd).ok_or_else(|| LabError::Broken("the container has ended already".into()))?;
            let mountinfo = mountinfo(pid)?;
            ledger::mount_namespace(pid);
            ask(&wire, "the container", &Request::Hostname { of: None }, &[])?;
            self.agent = Some(Agent {
                wire: Some(wire),
                pidfd,
                pid_host,
                pid,
                mountinfo,
                namespace: None,
                table: MountTable::default(),
                terminal: None,
            });
        }
        Ok((result, micros))
    }

    pub(super) fn execve(&mut self, call: &Call) -> Result<(Result<i64, i32>, u64), LabError> {
        let agent = self.agent.as_mut().ok_or_else(no_container)?;
        let wire = agent.wire.as_ref().ok_or_else(no_container)?;
        let pair = nix::pty::openpty(None, None).map_err(|errno| broken("open a pseudo terminal", errno))?;
        for fd in [&pair.master, &pair.slave] {
            nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
                .map_err(|errno| broken("mark the terminal close-on-exec", errno))?;
        }
        let _ = sys::set_window_size(pair.master.as_fd(), 24, 80);
        idmap::give(self.stage_pid, &[pair.slave.as_fd()]);
        let (_, mut own) = ask(wire, "the container", &Request::Terminal, &[pair.slave.as_fd()])?;
        drop(pair.slave);
        let master = own.pop().unwrap_or(pair.master);
        let start = Instant::now();
        wire.send(&Request::Perform(call.clone()), &[]).map_err(|errno| broken("ask the container", errno))?;
        match wire.receive_within::<Reply>(PATIENCE).map_err(|errno| broken("hear from the container", errno))? {
            Some((reply, _)) => called(reply),
            // A successful execve closes the agent's socket instead of answering.
            None => {
                let micros = start.elapsed().as_micros() as u64;
                agent.wire = None;
                agent.terminal = Some(master);
                Ok((Ok(0), micros))
            }
        }
    }
}

impl Agent {
    pub(super) fn look(&mut self, stage: &Wire) -> Result<SideState, LabError> {
        let namespace =
            namespaces_of(&self.pid.to_string()).into_iter().find(|(kind, _)| kind == "mnt").map(|(_, id)| id);
        let mut raw = read_table(&self.mountinfo).map_err(unreadable)?;
        // After setns or unshare the descriptor shows a namespace that the process has left; after pivot_root, once the
        // old root is gone, nothing.
        if raw.is_empty() || (self.namespace.is_some() && self.namespace != namespace) {
            self.mountinfo = File::open(format!("/proc/{}/mountinfo", self.pid)).map_err(unreadable)?;
            raw = read_table(&self.mountinfo).map_err(unreadable)?;
        }
        self.namespace = namespace;
        self.table = self.table.reparse(raw);
        let (reply, _) = match &self.wire {
            Some(wire) => ask(wire, "the container", &Request::Hostname { of: None }, &[])?,
            None => ask(stage, "the practice host", &Request::Hostname { of: Some(self.pid_host) }, &[])?,
        };
        let Reply::Name(hostname) = reply else {
            return Err(LabError::Broken("the container did not tell its name".into()));
        };
        let facts = facts(self.pid, self.pid_host, hostname);
        let table = self.table.clone();
        // Its root may be called / and yet lie in another namespace, whose rows are not in its table: only its own
        // list tells.
        let raw = File::open(format!("/proc/{}/mountinfo", self.pid)).and_then(|file| read_table(&file));
        let seen = self.table.reparse(raw.map_err(unreadable)?);
        Ok(SideState { table, seen, facts })
    }

    /// A list opened before pivot_root shows what lies below the old root only.
    pub(super) fn pivoted(&mut self) -> Result<(), LabError> {
        self.mountinfo = File::open(format!("/proc/{}/mountinfo", self.pid)).map_err(unreadable)?;
        Ok(())
    }
}

//! A real process that does as it is told, in a mount namespace of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell in a private mount namespace. Ends with the test.
pub struct Puppet {
    child: Child,
    pub orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Puppet {
    /// Of a user: oneself, or whoever root says.
    pub fn new(user: u32) -> Puppet {
        Puppet::within(user, &["--uts"])
    }

    /// In other namespaces, too, as unshare(1) calls them.
    pub fn within(user: u32, more: &[&str]) -> Puppet {
        let mut command = Command::new("unshare");
        if user != 0 {
            command.args(["--user", "--map-root-user"]);
        }
        if user != nix::unistd::geteuid().as_raw() {
            command.uid(user).gid(user);
        }
        command.args(["--mount", "--propagation", "private"]).args(more).arg("sh").current_dir("/");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut puppet = Puppet { child, orders, answers };
        puppet.does(":");
        puppet
    }

    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Returns when it is done.
    pub fn does(&mut self, line: &str) {
        self.told(&format!("{line}; echo $?"));
    }

    /// Returns when the last command has said that it succeeded.
    pub fn told(&mut self, line: &str) {
        writeln!(self.orders, "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, "0\n", "{line}");
    }

    pub fn dies(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

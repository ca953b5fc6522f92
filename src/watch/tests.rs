//! Real processes in mount namespaces of their own, which do as they are told.

/// The tests of the whole program have the same.
#[path = "../../tests/common/puppet.rs"]
mod puppet;

use super::*;
use crate::lesson::Side;
use crate::mounts::ChangeKind;
use puppet::Puppet;
use std::sync::mpsc::channel;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

fn puppet() -> Puppet {
    Puppet::new(nix::unistd::geteuid().as_raw())
}

fn own() -> i32 {
    std::process::id() as i32
}

fn points(seen: &Seen) -> Vec<String> {
    seen.state.seen.rows().iter().map(|mount| crate::mounts::printable(&mount.target())).collect()
}

#[test]
fn a_mount_is_seen_where_it_was_made_alone() {
    let mut puppet = puppet();
    let mut watcher = Watcher::open(own(), puppet.pid()).unwrap();
    let mut watched = Watched::new(watcher.seen());
    assert_eq!(watched.now.share_namespace(), Some(false));
    puppet.does("mount -t tmpfs watched /tmp");
    let woken = watcher.wait(&[]).unwrap();
    watcher.read(&woken);
    watcher.read_rest(&woken);
    assert_eq!(watched.take(watcher.seen()), []);
    let [change] = watched.marks.inside.as_slice() else { panic!("{:?}", watched.marks.inside) };
    assert_eq!(change.kind, ChangeKind::Added);
    assert_eq!(watched.now.inside.table().rows()[change.after.unwrap()].source(), b"watched".as_slice());
    assert!(watched.marks.outside.is_empty());
}

/// The kernel tells nobody of a changed propagation type: it is seen with the next look.
#[test]
fn what_the_kernel_does_not_tell_is_reread() {
    let mut puppet = puppet();
    let (sender, told) = channel();
    let watcher = Watcher::open(own(), puppet.pid()).unwrap();
    let mut watched = Watched::new(watcher.seen());
    let mut live = Live::start(watcher, move || sender.send(()).is_ok()).unwrap();
    puppet.does("mount -t tmpfs watched /tmp");
    told.recv_timeout(PATIENCE).unwrap();
    watched.take(live.take().unwrap());
    puppet.does("mount --make-shared /tmp");
    live.reread().unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    watched.take(live.take().unwrap());
    let changed: Vec<_> = watched.marks.inside.iter().map(|change| (change.kind, change.fields.clone())).collect();
    assert_eq!(changed, [(ChangeKind::Changed, vec!["propagation"])]);
    assert_eq!(watched.history.len(), 2);
}

/// The old descriptor would show the table from the old root for ever.
#[test]
fn a_moved_root_directory_is_another_table() {
    let mut puppet = puppet();
    puppet.does("mount --rbind / /mnt");
    let mut watcher = Watcher::open(own(), puppet.pid()).unwrap();
    let mut watched = Watched::new(watcher.seen());
    assert!(points(&watched.now.inside).contains(&"/mnt".into()));
    puppet.told("exec chroot /mnt sh -c 'echo 0; exec sh'");
    puppet.does("mount -t tmpfs watched /tmp");
    let woken = watcher.wait(&[]).unwrap();
    watcher.read(&woken);
    watcher.read_rest(&woken);
    assert_eq!(watched.take(watcher.seen()), [News::OtherRoot(Side::Inside)]);
    let points = points(&watched.now.inside);
    assert!(points.contains(&"/tmp".into()) && !points.contains(&"/mnt".into()), "{points:?}");
    // The whole namespace is still that of before, and one mount more.
    assert!(watched.now.inside.sees_less());
    let kinds: Vec<_> = watched.marks.inside.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Added]);
    puppet.does("umount /tmp");
    let woken = watcher.wait(&[]).unwrap();
    watcher.read(&woken);
    watched.take(watcher.seen());
    assert_eq!(watched.marks.inside[0].kind, ChangeKind::Removed, "told of without a witness");
}

#[test]
fn a_process_that_ended_keeps_its_last_table() {
    let mut puppet = puppet();
    let (sender, told) = channel();
    let watcher = Watcher::open(own(), puppet.pid()).unwrap();
    let mut watched = Watched::new(watcher.seen());
    let live = Live::start(watcher, move || sender.send(()).is_ok()).unwrap();
    let rows = points(&watched.now.inside);
    puppet.dies();
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(watched.take(live.take().unwrap()), [News::Ended(Side::Inside)]);
    assert_eq!(points(&watched.now.inside), rows);
    assert!(watched.history.is_empty());
    assert_eq!(live.take().map(|both| both.inside.standing), None, "and it is not read again");
}

#[test]
fn what_is_no_process_cannot_be_watched() {
    let mut puppet = puppet();
    let pid = puppet.pid();
    puppet.dies();
    for number in [pid, 0, -1] {
        assert_eq!(Process::open(number).unwrap_err(), Unwatchable::Missing, "{number}");
    }
    let (tell, told) = channel();
    let (stay, go) = channel::<()>();
    let thread = std::thread::spawn(move || {
        tell.send(nix::unistd::gettid().as_raw()).unwrap();
        let _ = go.recv();
    });
    assert_eq!(Process::open(told.recv().unwrap()).unwrap_err(), Unwatchable::Thread);
    drop(stay);
    thread.join().unwrap();
}

/// Names are what a process chooses; none of them reaches a terminal as it is.
#[test]
fn names_are_harmless() {
    let mut puppet = puppet();
    puppet.does(r"printf 'a\033[31m' > /proc/self/comm; printf 'a\033[31m' > /proc/$$/comm");
    let seen = Process::open(puppet.pid()).unwrap().seen().clone();
    assert_eq!(seen.state.facts.program, r"a\x1b[31m");
}

#[test]
fn other_namespaces_are_found() {
    let puppet = puppet();
    let inode = Process::open(puppet.pid()).unwrap().seen().namespace().unwrap();
    let (all, _) = namespaces().unwrap();
    let found = all.iter().find(|namespace| namespace.inode == inode).unwrap();
    assert_eq!((found.pid, found.processes), (puppet.pid(), 1));
    assert_eq!(found.program, "sh");
}

/// The kernel tells of it, whatever the UTS namespace; whose it is takes a look inside.
#[test]
fn a_hostname_that_is_set_is_seen() {
    let mut puppet = puppet();
    puppet.does("hostname before");
    let mut watcher = Watcher::open(own(), puppet.pid()).unwrap();
    let mut watched = Watched::new(watcher.seen());
    let names = |both: &Both| [&both.outside, &both.inside].map(|seen| seen.state.facts.hostname.clone());
    let own_name = nix::unistd::gethostname().unwrap().into_string().unwrap();
    assert_eq!(names(&watched.now), [own_name.clone(), "before".into()]);
    puppet.does("hostname after");
    let mut news = Vec::new();
    while news.is_empty() {
        let woken = watcher.wait(&[]).unwrap();
        watcher.read(&woken);
        watcher.read_rest(&woken);
        news = watched.take(watcher.seen());
    }
    assert_eq!(news, [News::OtherHostname(Side::Inside)]);
    assert_eq!(names(&watched.now), [own_name, "after".into()]);
    assert!(watched.history.is_empty(), "no row changed");
    let children = std::fs::read_to_string(format!("/proc/self/task/{}/children", nix::unistd::gettid())).unwrap();
    assert_eq!(children.split_whitespace().collect::<Vec<_>>(), [puppet.pid().to_string()], "nobody is left inside");
}

/// A mount takes no process: hostnames are asked for when one was set, or by who wants all anew.
#[test]
fn a_mount_asks_for_no_hostname() {
    let mut puppet = puppet();
    puppet.does("hostname before");
    let mut process = Process::open(puppet.pid()).unwrap();
    puppet.does("hostname after; mount -t tmpfs watched /tmp");
    process.follow();
    process.settle(true, false);
    assert_eq!(process.seen().state.facts.hostname, "before");
    process.settle(true, true);
    assert_eq!(process.seen().state.facts.hostname, "after");
}

/// Between two looks the kernel may tell of several things at once: what is shown in the end is right.
#[test]
fn a_pivoted_root_is_another_table() {
    let mut puppet = puppet();
    puppet.does("mount --rbind / /mnt");
    let mut watcher = Watcher::open(own(), puppet.pid()).unwrap();
    let mut watched = Watched::new(watcher.seen());
    puppet.does("cd /mnt && pivot_root . mnt");
    let woken = watcher.wait(&[]).unwrap();
    watcher.read(&woken);
    watched.take(watcher.seen());
    let moved = points(&watched.now.inside);
    assert!(moved.contains(&"/mnt".into()) && moved.contains(&"/mnt/proc".into()), "{moved:?}");
    puppet.does("umount -l /mnt");
    let woken = watcher.wait(&[]).unwrap();
    watcher.read(&woken);
    watcher.read_rest(&woken);
    watched.take(watcher.seen());
    let left = points(&watched.now.inside);
    assert!(!left.contains(&"/mnt".into()) && left.contains(&"/proc".into()), "{left:?}");
}

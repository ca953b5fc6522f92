//! The practice host as a copy of the machine's own mount table.

mod common;

use common::{Machine, nslab, place, users};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

/// A script, run by root in namespaces that stand in for the machine: `$NSLAB` is the program, `$PLAIN` a plain user's
/// home.
fn on_a_machine(script: &str) -> Output {
    Command::new("unshare")
        .args(["--mount", "--uts", "--pid", "--fork", "--mount-proc", "--propagation", "private", "sh", "-c", script])
        .env("NSLAB", place().join("nslab"))
        .env("HOME", place().join("0"))
        .env("XDG_CACHE_HOME", place().join("0/cache"))
        .env("PLAIN", place().join("1000"))
        .current_dir("/")
        .output()
        .unwrap()
}

/// The whole lesson with every variant holds on a copy as on the tidy host, for root and for a plain user; and every
/// question has its answer.
#[test]
fn verify_holds_on_a_copy() {
    let machine = Machine::look();
    for user in users() {
        let output = nslab(user).args(["verify", "mount-ns", "--host", "copy", "--json"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "uid {user}: {text}{}", String::from_utf8_lossy(&output.stderr));
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let steps: Vec<&Value> = events.iter().filter(|event| event["event"] == "step").collect();
        assert_eq!(steps.len(), 14);
        let variants = events.iter().filter(|event| event["event"] == "variant").count();
        assert!(variants >= 7, "{variants}");
        for step in &steps {
            assert!(step["question"]["answer"].is_u64() || step["question"]["answer"].is_array(), "{step}");
        }
        // It is this machine's table: the root directory's file system, not a tmpfs of ours.
        let private = steps.iter().find(|step| step["step"] == "private").unwrap();
        let changed = private["inside"]["changed"].as_array().unwrap();
        let root = changed.iter().find(|change| change["before"]["target"] == "/").unwrap();
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let device = format!("{}:{}", root["before"]["major"], root["before"]["minor"]);
        assert!(table.lines().any(|line| line.split(' ').nth(2) == Some(&device)), "{root}");
        assert!(root["before"]["options"].as_array().unwrap().iter().any(|option| option == "ro"), "{root}");
        // The calls name the place where the lab is.
        assert!(!text.contains("/lab/"), "the lesson writes /lab; here the lab is elsewhere");
    }
    assert_eq!(Machine::look(), machine);
}

/// Where the machine's `/` is shared, as under systemd, mount events reach the copy and none comes back.
#[test]
fn a_shared_machine_notices_nothing() {
    if !common::is_root_for("a shared machine notices nothing") {
        return;
    }
    let output = on_a_machine(
        "mount --make-rshared / && before=$(cat /proc/self/mountinfo)
         for host in tidy copy; do
             \"$NSLAB\" verify mount-ns --host $host || echo ROOT FAILED
             setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=\"$PLAIN\" XDG_CACHE_HOME=\"$PLAIN/cache\" \
                 \"$NSLAB\" verify mount-ns --host $host || echo PLAIN FAILED
         done
         test \"$before\" = \"$(cat /proc/self/mountinfo)\" && echo same table",
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.matches("mount-ns: every expectation held.").count(), 4, "{text}");
    assert!(text.ends_with("same table\n") && !text.contains("FAILED"), "{text}");
}

/// A lesson that is looked at in a shell of the practice host: what the shell printed.
fn in_the_practice_host(user: u32, script: &str) -> String {
    let mut child = nslab(user)
        .args(["lesson", "mount-ns", "--plain", "--host", "copy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let typed = format!("1\nshell host\n{script}\nexit\n\nquit\n");
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).replace('\r', "")
}

/// Devices work, ps is nslab's own and shows the practice host alone, and nothing of the machine's can be written to.
#[test]
fn a_copy_is_usable_and_read_only() {
    for user in users() {
        let mark = format!("/var/tmp/nslab-copy-{user}");
        std::fs::write(&mark, "the machine's\n").unwrap();
        if common::is_root() {
            std::os::unix::fs::chown(&mark, Some(user), Some(user)).unwrap();
        }
        let text = in_the_practice_host(
            user,
            &format!(
                "echo x > /dev/null && echo null-\"works\"
                 sh -c 'echo to the tty > /dev/tty' && echo tty-\"works\"
                 ps > $HOME/list; head -1 $HOME/list; echo lines-\"$(wc -l < $HOME/list)\"
                 echo evil > {mark}; echo file-\"$?\"
                 rm -f {mark}; echo rm-\"$?\"
                 touch /dev/shm/nslab; echo shm-\"$?\"
                 mount -o remount,bind,rw / ; echo remount-\"$?\"
                 umount -l /dev; echo umount-\"$?\""
            ),
        );
        for wanted in ["null-works", "tty-works", "UID        PID    PPID CMD", "rm-1", "shm-1", "lines-5"] {
            assert!(text.lines().any(|line| line.ends_with(wanted)), "uid {user}: {wanted}: {text}");
        }
        for refused in ["file-0", "remount-0", "umount-0", "rm-0"] {
            assert!(!text.lines().any(|line| line.ends_with(refused)), "uid {user}: {refused}: {text}");
        }
        assert_eq!(std::fs::read_to_string(&mark).unwrap(), "the machine's\n", "{text}");
        std::fs::remove_file(&mark).unwrap();
    }
}

/// Root in a copy, against an outer namespace that stands in for the machine: files, mounts, name, processes, kernel
/// settings. What no namespace stands in for is only opened: it would show a leak and do no harm.
#[test]
fn root_in_a_copy_cannot_reach_out() {
    if !common::is_root_for("root in a copy cannot reach out") {
        return;
    }
    let output = on_a_machine(
        "mount --make-rshared / && hostname outer && sleep 7777 & JOB=$!
         sleep 0.3; before=$(cat /proc/self/mountinfo)
         attack='hostname evil
             touch /etc/nslab-evil; mount -o remount,rw /; mount -o remount,bind,rw /; touch /etc/nslab-evil
             umount /proc; umount -l /
             kill -9 '$JOB'
             nsenter -t 1 -m touch /etc/nslab-evil
             touch /proc/1/root/etc/nslab-evil
             : > /proc/sys/kernel/core_pattern && echo LEAK-\"sysctl\"
             mount -t proc p /srv/leak && : > /srv/leak/sys/kernel/core_pattern && echo LEAK-\"sysctl\"
             chmod 666 /dev/null && echo LEAK-\"chmod\"; mkdir /dev/nslab-evil && echo LEAK-\"dev\"
             mknod /srv/disk b 254 0 && echo LEAK-\"mknod\"
             cat /etc/shadow > /dev/null && echo LEAK-\"shadow\"
             echo attack-\"over\"'
         said=$(printf '1\\nshell host\\n%s\\nexit\\n\\nquit\\n\\n' \"$attack\" | \"$NSLAB\" lesson mount-ns --plain --host copy 2>&1 | tr -d '\\r')
         echo \"$said\" | grep -q 'attack-over$' || echo \"$said\"
         echo \"$said\" | grep -o 'LEAK-[a-z].*'
         test \"$(hostname)\" = outer || echo HOSTNAME
         kill -0 $JOB || echo KILLED
         test -e /etc/nslab-evil && echo FILE
         touch /tmp/nslab-rw-$$ && rm /tmp/nslab-rw-$$ || echo READONLY
         test \"$before\" = \"$(cat /proc/self/mountinfo)\" || echo MOUNTS
         kill $JOB; echo finished",
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "finished\n", "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the machine does while a lesson runs reaches the copy: an unmounted disk is not kept busy.
#[test]
fn the_machine_can_unmount_meanwhile() {
    if !common::is_root_for("the machine can unmount meanwhile") {
        return;
    }
    let output = on_a_machine(
        "mount --make-rshared / && mkdir -p /tmp/nslab-disk-$$ && mount -t tmpfs disk /tmp/nslab-disk-$$
         mkfifo /tmp/nslab-in-$$; \"$NSLAB\" lesson mount-ns --plain --host copy < /tmp/nslab-in-$$ > /tmp/nslab-out-$$ & exec 9> /tmp/nslab-in-$$
         until grep -q Question /tmp/nslab-out-$$; do sleep 0.05; done
         stage=$(cat /proc/$!/task/*/children | tr -d ' ')
         grep -q \"/tmp/nslab-disk-$$ \" /proc/$stage/mountinfo && echo copied
         umount /tmp/nslab-disk-$$
         grep -q \"/tmp/nslab-disk-$$ \" /proc/$stage/mountinfo || echo gone there too
         echo quit >&9; exec 9>&-; wait; rm -r /tmp/nslab-disk-$$ /tmp/nslab-in-$$ /tmp/nslab-out-$$",
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "copied\ngone there too\n", "{}", String::from_utf8_lossy(&output.stderr));
}

/// The stage is nslab's own child, whoever cloned it: it ends with nslab, and everything with it.
#[test]
fn a_copy_ends_with_nslab() {
    for (user, stopped) in users().into_iter().flat_map(|user| [(user, false), (user, true)]) {
        let mut child = nslab(user)
            .args(["lesson", "mount-ns", "--plain", "--host", "copy", "--step", "4"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("Step 4")));
        let all = common::descendants(child.id());
        assert_eq!(common::children(child.id()).len(), 1, "the process that made the copy has ended and is reaped");
        assert!(all.len() >= 3, "stage, background job, container: {all:?}");
        if stopped {
            // It cannot see then that its socket is closed.
            kill(Pid::from_raw(all[0]), Signal::SIGSTOP).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = common::gone(&all);
        if !gone {
            let _ = kill(Pid::from_raw(all[0]), Signal::SIGKILL);
        }
        assert!(gone, "uid {user}, stopped {stopped}: {all:?}");
    }
}

/// What a machine does not allow is status 3 with a cause and a remedy of its own.
#[test]
fn a_refusal_names_cause_and_remedy() {
    if !common::is_root_for("a refusal names cause and remedy") {
        return;
    }
    let places = "for place in /srv /mnt /media /opt; do test -d $place && mount -t tmpfs x $place; done";
    let plain = "setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=\"$PLAIN\" XDG_CACHE_HOME=\"$PLAIN/cache\"";
    for (prepare, run, tried, remedy) in [
        // As in a container: parts of /proc are covered.
        (
            "mount -t tmpfs x /proc/scsi || mount -t tmpfs x /proc/bus",
            "",
            "mount a proc on /proc: EPERM",
            "systempaths",
        ),
        (
            "mount -t tmpfs x /proc/scsi || mount -t tmpfs x /proc/bus",
            plain,
            "mount a proc on /proc: EPERM",
            "systempaths",
        ),
        (places, "", "find a place for the lab", "sudo mkdir -p /srv"),
        (
            "true",
            "unshare --user --map-root-user",
            "give the lab to a user who owns nothing: EINVAL",
            "as a plain user",
        ),
    ] {
        let output = on_a_machine(&format!("{prepare}; exec {run} \"$NSLAB\" verify mount-ns --host copy"));
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{prepare} {run}: {text}");
        assert!(text.contains(tried) && text.contains("Cause:") && text.contains(remedy), "{prepare} {run}: {text}");
    }
}

/// The lab is never put over what the caller needs.
#[test]
fn the_lab_covers_nothing_that_is_needed() {
    if !common::is_root_for("the lab covers nothing that is needed") {
        return;
    }
    let output = on_a_machine(
        "test -d /srv && test -d /media || exit 0
         mount -t tmpfs x /srv && mkdir /srv/work && cd /srv/work && mkdir /media/x 2>/dev/null
         \"$NSLAB\" lesson mount-ns --plain --host copy < /dev/null | grep -o '/[a-z]*/notes'; rmdir /media/x",
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("/srv/notes"), "{text}");
    let mut command = Command::new(place().join("nslab"));
    command.args(["lesson", "mount-ns", "--plain", "--host", "copy"]).stdin(Stdio::null()).current_dir("/srv");
    command.env("HOME", place().join("1000")).env("XDG_CACHE_HOME", place().join("1000/cache")).uid(1000).gid(1000);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(text.contains("/notes") && !text.contains("/srv/notes"), "the working directory is /srv: {text}");
}

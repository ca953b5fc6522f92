//! `nslab doctor`.

use super::{CANNOT, class};
use crate::sandbox::examine;
use crate::words::Lang;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// `students`: what a class is told, and whether this machine carries so many of it.
pub fn doctor(as_json: bool, students: Option<Option<u64>>, lang: Lang) -> anyhow::Result<u8> {
    let doctor = examine();
    let class = match students.flatten().filter(|_| doctor.well()) {
        Some(students) => Some(class::Class::new(students, class::measure()?, Path::new("/"))),
        None => None,
    };
    let well = doctor.well() && class.as_ref().is_none_or(class::Class::fits);
    let mut out = std::io::stdout().lock();
    if as_json {
        let checks: Vec<_> = doctor
            .checks
            .iter()
            .map(|check| {
                json!({
                    "check": check.key.trim_start_matches("doctor."),
                    "ok": check.ok,
                    "tried": check.tried,
                    "remedy": check.remedy.map(|key| lang.say(key, &[])),
                })
            })
            .collect();
        let mut verdict = json!({
            "ok": doctor.well(), "root": doctor.root, "user_namespace": doctor.confined, "kernel": doctor.kernel, "checks": checks,
        });
        if students.is_some() {
            verdict["line"] = class::line(&doctor).into();
        }
        if let Some(class) = &class {
            verdict["class"] = class.json();
        }
        writeln!(out, "{verdict}")?;
    } else if students.is_some() {
        writeln!(out, "{}", class::line(&doctor))?;
        if let Some(class) = &class {
            writeln!(out, "{}", class.text(lang))?;
        }
    } else {
        for check in &doctor.checks {
            let verdict = lang.say(if check.ok { "doctor.ok" } else { "doctor.no" }, &[]);
            writeln!(out, "{verdict:4} {}", lang.say(check.key, &[]))?;
            if !check.ok {
                writeln!(out, "     {}", check.tried)?;
            }
            if let Some(key) = check.remedy {
                writeln!(out, "     {}", lang.say(key, &[]))?;
            }
        }
        if !doctor.confined && doctor.well() {
            writeln!(out, "{}", lang.say("doctor.unconfined", &[]))?;
        }
        writeln!(out, "{}", lang.say(if doctor.well() { "doctor.well" } else { "doctor.ill" }, &[]))?;
        if !doctor.well() {
            writeln!(out, "{}", lang.say("refused.replay", &[]))?;
        }
    }
    Ok(if well { 0 } else { CANNOT })
}

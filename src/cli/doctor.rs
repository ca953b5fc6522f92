//! `nslab doctor`.

use super::CANNOT;
use crate::sandbox::examine;
use crate::words::Lang;
use serde_json::json;

pub fn doctor(as_json: bool, lang: Lang) -> anyhow::Result<u8> {
    let doctor = examine();
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
        let verdict = json!({
            "ok": doctor.well(), "root": doctor.root, "user_namespace": doctor.confined, "kernel": doctor.kernel, "checks": checks,
        });
        println!("{verdict}");
    } else {
        for check in &doctor.checks {
            let verdict = lang.say(if check.ok { "doctor.ok" } else { "doctor.no" }, &[]);
            println!("{verdict:4} {}", lang.say(check.key, &[]));
            if !check.ok {
                println!("     {}", check.tried);
            }
            if let Some(key) = check.remedy {
                println!("     {}", lang.say(key, &[]));
            }
        }
        if !doctor.confined && doctor.well() {
            println!("{}", lang.say("doctor.unconfined", &[]));
        }
        println!("{}", lang.say(if doctor.well() { "doctor.well" } else { "doctor.ill" }, &[]));
    }
    Ok(if doctor.well() { 0 } else { CANNOT })
}

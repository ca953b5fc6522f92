//! User and group names, and times, without libc's databases.

use std::collections::BTreeMap;

/// Number to name, of /etc/passwd or /etc/group.
pub fn ids(file: &str) -> BTreeMap<u32, String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut map = BTreeMap::new();
    for line in text.lines() {
        let mut f = line.split(':');
        if let (Some(name), Some(Ok(id))) = (f.next(), f.nth(1).map(str::parse)) {
            map.entry(id).or_insert_with(|| name.to_string());
        }
    }
    map
}

pub fn name(map: &BTreeMap<u32, String>, id: u32) -> String {
    map.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment in UTC: (year, month's name, day, hour, minute).
pub fn date(secs: i64) -> (i64, &'static str, i64, i64, i64) {
    let (year, month, day, hour, minute) = crate::date::civil(secs);
    (year, MONTHS[month - 1], day, hour, minute)
}

pub fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates() {
        assert_eq!(super::date(0), (1970, "Jan", 1, 0, 0));
        assert_eq!(super::date(1_709_210_096), (2024, "Feb", 29, 12, 34));
    }
}

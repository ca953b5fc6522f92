//! Days and hours from seconds since 1970.

/// A moment in UTC: (year, month from 1, day, hour, minute).
pub fn civil(secs: i64) -> (i64, usize, i64, i64, i64) {
    let days = secs.div_euclid(86400);
    let rest = secs.rem_euclid(86400);
    // Howard Hinnant's civil_from_days.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month as usize, doy - (153 * mp + 2) / 5 + 1, rest / 3600, rest % 3600 / 60)
}

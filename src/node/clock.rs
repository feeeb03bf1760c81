//! The clock, handed in from outside.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, NaiveDateTime};

/// Tells the local time.
pub type Clock = Arc<dyn Fn() -> NaiveDateTime + Send + Sync>;

/// The machine's clock in its time zone, which is what a Python node stamps its blocks with.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        // A clock before 1970 reads as 1970: chrono would panic.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let utc = i64::try_from(since.as_secs())
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, since.subsec_nanos()))
            .unwrap_or_default();
        utc.with_timezone(&Local).naive_local()
    })
}

/// A time as Python prints `datetime.now()`: microseconds, left out when there are none.
pub fn python_timestamp(time: NaiveDateTime) -> String {
    let microseconds = time.and_utc().timestamp_subsec_micros();
    let format = if microseconds == 0 {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S%.6f"
    };
    time.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_python_prints_them() {
        let time =
            |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").expect("a time");
        assert_eq!(
            python_timestamp(time("2026-11-21 10:18:34.281773")),
            "2026-11-21 10:18:34.281773"
        );
        assert_eq!(
            python_timestamp(time("2026-11-21 10:18:34.000070999")),
            "2026-11-21 10:18:34.000070"
        );
        assert_eq!(
            python_timestamp(time("2026-11-21 10:18:34.000000999")),
            "2026-11-21 10:18:34"
        );
    }
}

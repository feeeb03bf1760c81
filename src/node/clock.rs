//! The clock, handed in from outside.

use std::sync::Arc;

use chrono::{Local, NaiveDateTime};

/// Tells the local time.
pub type Clock = Arc<dyn Fn() -> NaiveDateTime + Send + Sync>;

/// The machine's clock in its time zone, which is what a Python node stamps its blocks with.
pub fn system_clock() -> Clock {
    Arc::new(|| Local::now().naive_local())
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

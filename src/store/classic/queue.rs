//! Records of the queue of waiting transactions: texts sealed under their places, one behind the other.

use crate::store::record;

/// What a waiting transaction is called in errors.
pub(super) fn name(sequence: i64) -> String {
    format!("waiting transaction {sequence}")
}

pub(super) fn seal(sequence: i64, text: &str) -> Vec<u8> {
    record::seal_under(&sequence.to_le_bytes(), text.as_bytes())
}

/// The place and the text of the record at `sequence`; what is wrong with it otherwise.
pub(super) fn open(sequence: i64, stored: &[u8]) -> Result<(i64, &str), String> {
    Ok((
        sequence,
        record::open_text_under(&sequence.to_le_bytes(), stored)?,
    ))
}

/// Whether nothing is missing between two places of the queue; what is wrong otherwise.
///
/// Those that came back from displaced blocks end at 0, and what stood behind 0 may have left before they came.
pub(super) fn follows(previous: Option<i64>, sequence: i64) -> Result<(), String> {
    match previous {
        Some(previous) if previous != 0 && previous + 1 != sequence => Err(format!(
            "waiting transaction {} is missing before it",
            previous + 1
        )),
        _ => Ok(()),
    }
}

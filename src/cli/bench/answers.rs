//! Whether all ways to search give the same answers.

use indicatif::ProgressBar;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::exit::Failure;
use super::super::terminal::{self, Unit, count, good};
use crate::miner::search::{ALL_NONCES, Job, Path, every};

/// Headers over which the nonces are spread.
const JOBS: u64 = 16;

/// One hash in 256 is not above it.
const TARGET_TOP: [u8; 4] = [0, 0xff, 0xff, 0xff];

/// Compares all paths of this machine on so many nonces, and says how it went.
pub fn compare(nonces: u64, as_json: bool) -> Result<(), Failure> {
    let paths = Path::available();
    let bar = terminal::bar(Some(nonces * paths.len() as u64), Unit::Nonces);
    let agreed = answers(&paths, nonces, &bar);
    bar.finish_and_clear();
    let answers = agreed?;
    let names: Vec<String> = paths.iter().map(Path::to_string).collect();
    if as_json {
        let outcome = json!({"nonces": nonces, "answers": answers, "agree": true, "paths": names});
        return terminal::print(&format!("{outcome}\n"));
    }
    let (answers, nonces) = (count(answers, "answer"), count(nonces, "nonce"));
    let verdict = good(&format!("The same {answers} in {nonces}:"));
    terminal::print(&format!("{verdict} {}.\n", names.join(", ")))
}

/// How many of the nonces meet their targets. A failure if the paths do not find the same ones.
fn answers(paths: &[Path], nonces: u64, bar: &ProgressBar) -> Result<u64, Failure> {
    let mut answers = 0;
    for number in 0..JOBS {
        let job = job(number);
        let share = nonces * (number + 1) / JOBS - nonces * number / JOBS;
        // From the first nonces to the last.
        let start = ALL_NONCES.end.saturating_sub(share) * number / (JOBS - 1);
        let range = start..start + share;
        let expected = every(Path::Portable, &job, range.clone());
        bar.inc(share);
        for path in paths.iter().filter(|path| **path != Path::Portable) {
            let found = every(*path, &job, range.clone());
            bar.inc(share);
            if found != expected {
                return Err(Failure::failed(disagreement(
                    *path, &job, &found, &expected,
                )));
            }
        }
        answers += expected.len() as u64;
    }
    Ok(answers)
}

fn job(number: u64) -> Job {
    let seed = Sha256::digest(number.to_be_bytes());
    let mut header = [0; 76];
    for (to, byte) in header.iter_mut().zip(seed.iter().cycle()) {
        *to = *byte;
    }
    let mut target = [0xff; 32];
    for (to, byte) in target.iter_mut().zip(TARGET_TOP) {
        *to = byte;
    }
    Job { header, target }
}

fn disagreement(path: Path, job: &Job, found: &[u32], expected: &[u32]) -> String {
    let first = found.iter().zip(expected).position(|(a, b)| a != b);
    let at = first.unwrap_or(found.len().min(expected.len()));
    let shown = |answers: &[u32]| answers.get(at).map_or("none".to_owned(), u32::to_string);
    format!(
        "{path} and portable disagree about {}: answer {at} is nonce {}, and nonce {}",
        hex::encode(job.header),
        shown(found),
        shown(expected)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disagreement_names_the_first_nonce() {
        let job = job(0);
        let text = disagreement(Path::Avx2, &job, &[1, 5, 9], &[1, 4, 9]);
        assert!(text.ends_with("answer 1 is nonce 5, and nonce 4"), "{text}");
        let text = disagreement(Path::Avx2, &job, &[1], &[1, 4]);
        assert!(
            text.ends_with("answer 1 is nonce none, and nonce 4"),
            "{text}"
        );
    }

    #[test]
    fn all_paths_of_this_machine_agree() {
        let found = answers(&Path::available(), 8_000, &ProgressBar::hidden()).unwrap();
        assert!((10..60).contains(&found), "{found}");
    }
}

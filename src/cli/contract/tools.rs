//! Programs of others that a command runs: found, given their input, and ended when they take too long.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::exit::Failure;
use crate::cli::terminal::{self, cell};

/// How long such a program may take, and how much it may say.
const PATIENCE: Duration = Duration::from_secs(300);
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Between two looks whether it has ended.
const STEP: Duration = Duration::from_millis(20);

/// What a program said, and whether it ended well.
pub struct Said {
    pub out: String,
    pub err: String,
    pub went_well: bool,
}

impl Said {
    /// The last line that says anything, for errors: there a program says why it gave up.
    pub fn last_words(&self) -> String {
        let mut lines = self.out.lines().chain(self.err.lines()).rev();
        let last = lines.find(|line| !line.trim().is_empty());
        cell(last.unwrap_or("nothing").trim(), 300)
    }
}

/// Where a program is: the file that was named, else the first of these names in PATH.
pub fn find(named: Option<&Path>, names: &[&str]) -> Option<PathBuf> {
    if let Some(path) = named {
        // It is run in another folder than this one.
        return Some(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    }
    let folders = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    let mut candidates = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.find(|candidate| candidate.is_file())
}

/// Runs a program in `folder` with `input`; `what` is said meanwhile.
pub fn run(
    program: &Path,
    arguments: &[&str],
    folder: Option<&Path>,
    input: &str,
    what: &str,
) -> Result<Said, Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("cannot run {}: {error}", program.display()))
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        command.current_dir(folder);
    }
    let mut child = command.spawn().map_err(failed)?;
    let sign = terminal::waiting(what);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (out, err, ended) = std::thread::scope(|scope| {
        // Whoever writes all before it reads could wait for a program that waits for its reader.
        scope.spawn(move || {
            // A program that does not want it has its reasons.
            stdin.map(|mut stdin| stdin.write_all(input.as_bytes()))
        });
        let out = scope.spawn(move || stdout.map(text).unwrap_or_default());
        let err = scope.spawn(move || stderr.map(text).unwrap_or_default());
        let ended = wait(&mut child);
        let out = out.join().unwrap_or_default();
        (out, err.join().unwrap_or_default(), ended)
    });
    sign.finish_and_clear();
    match ended.map_err(failed)? {
        Some(went_well) => Ok(Said {
            out,
            err,
            went_well,
        }),
        None => Err(Failure::failed(format!(
            "{} did not end within {} s",
            program.display(),
            PATIENCE.as_secs()
        ))),
    }
}

/// Whether it ended well; nothing if it had to be ended.
fn wait(child: &mut Child) -> std::io::Result<Option<bool>> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(STEP);
    }
}

fn text(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    // What was read until an error is what there is; the rest is read and dropped, so that its writer can end.
    let _ = from.by_ref().take(MOST_BYTES).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_its_input_and_is_heard() {
        let shell = find(None, &["no such program", "sh"]).expect("a shell");
        let input = "x".repeat(1 << 20);
        let said = run(
            &shell,
            &["-c", "cat; echo; echo why >&2; exit 3"],
            None,
            &input,
            "runs",
        )
        .unwrap();
        assert_eq!(said.out.trim_end().len(), input.len());
        assert_eq!((said.last_words().as_str(), said.went_well), ("why", false));
        // One that does not read at all.
        let said = run(&shell, &["-c", "echo done"], None, &input, "runs").unwrap();
        assert!(said.went_well && said.last_words() == "done");
        assert!(run(Path::new("/no/such/program"), &[], None, "", "runs").is_err());
    }
}

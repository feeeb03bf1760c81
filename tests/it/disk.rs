//! A disk that can fail: writes since the last sync may be lost, torn or reordered when the power goes.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use redb::StorageBackend;

/// Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a sync has promised to keep.
    durable: Vec<u8>,
    /// What a reader sees.
    current: Vec<u8>,
    /// Since the last sync.
    pending: Vec<Change>,
    /// Operations that still succeed; everything after them fails, as without power.
    operations_left: Option<u64>,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

const SECTOR: usize = 512;

impl SimulatedDisk {
    /// A disk with these contents, all of them durable.
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State {
            durable: bytes.clone(),
            current: bytes,
            ..State::default()
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .expect("no test panics while it holds the disk")
    }

    /// Lets the power go after `operations` more writes, length changes and syncs.
    pub fn fail_after(&self, operations: u64) {
        self.state().operations_left = Some(operations);
    }

    /// What is on the disk when the power comes back: all that was synced, and of the rest what chance has kept, in any
    /// order, each write whole, in part or not at all.
    pub fn after_power_cut(&self, random: &mut TestRng) -> Vec<u8> {
        let state = self.state();
        let mut bytes = state.durable.clone();
        let mut pending = state.pending.clone();
        for last in (1..pending.len()).rev() {
            pending.swap(last, random.random_range(0..=last));
        }
        for change in pending {
            match (change, random.random_range(0..3)) {
                (_, 0) => {}
                (Change::Length(length), _) => bytes.resize(length, 0),
                (Change::Write { offset, data }, 1) => write_at(&mut bytes, offset, &data),
                (Change::Write { offset, data }, _) => {
                    for (at, sector) in data.chunks(SECTOR).enumerate() {
                        if random.random_bool(0.5) {
                            write_at(&mut bytes, offset + at * SECTOR, sector);
                        }
                    }
                }
            }
        }
        bytes
    }
}

fn write_at(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

impl State {
    fn operation(&mut self) -> io::Result<()> {
        match &mut self.operations_left {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn apply(bytes: &mut Vec<u8>, change: &Change) {
        match change {
            Change::Write { offset, data } => write_at(bytes, *offset, data),
            Change::Length(length) => bytes.resize(*length, 0),
        }
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.operation()?;
        Self::apply(&mut self.current, &change);
        self.pending.push(change);
        Ok(())
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).expect("test disks are small")
}

impl StorageBackend for SimulatedDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let offset = place(offset);
        let bytes = state.current.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state().change(Change::Length(place(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        for change in std::mem::take(&mut state.pending) {
            State::apply(&mut state.durable, &change);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.state().change(Change::Write {
            offset: place(offset),
            data: data.to_vec(),
        })
    }
}

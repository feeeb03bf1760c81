//! What the model's blocks and transactions look like: 80 bytes of header, and a body that the header commits to.

use bcoin::peers::message::{BlockId, TransactionId};
use bytes::{Buf, Bytes};
use sha2::{Digest, Sha256};

/// Bytes of a header.
pub const HEADER: usize = 80;

/// The most work that one block may claim.
const MOST_WORK: u32 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    pub parent: BlockId,
    pub commitment: [u8; 32],
    pub work: u32,
    pub nonce: u64,
    pub proof: u32,
}

impl Header {
    /// The header of a block with this body, proof and all.
    pub fn over(parent: BlockId, body: &[u8], work: u32, nonce: u64) -> Self {
        let commitment = Sha256::digest(body).into();
        let mut header = Self {
            parent,
            commitment,
            work,
            nonce,
            proof: 0,
        };
        header.proof = header.right_proof();
        header
    }

    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..32].copy_from_slice(&self.parent.0);
        bytes[32..64].copy_from_slice(&self.commitment);
        bytes[64..68].copy_from_slice(&self.work.to_be_bytes());
        bytes[68..76].copy_from_slice(&self.nonce.to_be_bytes());
        bytes[76..].copy_from_slice(&self.proof.to_be_bytes());
        bytes
    }

    pub fn read(mut bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEADER {
            return None;
        }
        let mut parent = [0; 32];
        let mut commitment = [0; 32];
        bytes.copy_to_slice(&mut parent);
        bytes.copy_to_slice(&mut commitment);
        Some(Self {
            parent: BlockId(parent),
            commitment,
            work: bytes.get_u32(),
            nonce: bytes.get_u64(),
            proof: bytes.get_u32(),
        })
    }

    fn right_proof(&self) -> u32 {
        let digest = Sha256::digest(&self.to_bytes()[..76]);
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }

    pub fn proof_is_valid(&self) -> bool {
        self.proof == self.right_proof() && (1..=MOST_WORK).contains(&self.work)
    }

    pub fn id(&self) -> BlockId {
        BlockId(Sha256::digest(self.to_bytes()).into())
    }
}

/// A body: how many transactions, each with its length before it, and padding that differs with `salt`.
pub fn body_of(items: &[Bytes], padding: usize, salt: u64) -> Vec<u8> {
    let mut body = (items.len() as u32).to_be_bytes().to_vec();
    for item in items {
        body.extend_from_slice(&(item.len() as u32).to_be_bytes());
        body.extend_from_slice(item);
    }
    body.extend(salt.to_be_bytes().iter().cycle().take(padding));
    body
}

/// The header and transactions of a block, if it is one.
pub fn read_block(bytes: &Bytes) -> Option<(Header, Vec<Bytes>)> {
    let header = Header::read(bytes)?;
    let mut rest = bytes.slice(HEADER..);
    let mut take = |length: usize| (rest.len() >= length).then(|| rest.split_to(length));
    let count = take(4)?.get_u32();
    let mut items = Vec::new();
    for _ in 0..count {
        let length = take(4)?.get_u32();
        items.push(take(length as usize)?);
    }
    Some((header, items))
}

/// The identity of a block, by its bytes.
pub fn block_id(bytes: &[u8]) -> BlockId {
    BlockId(Sha256::digest(&bytes[..HEADER.min(bytes.len())]).into())
}

pub fn transaction_id(bytes: &[u8]) -> TransactionId {
    TransactionId(Sha256::digest(bytes).into())
}

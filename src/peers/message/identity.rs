//! The key by which a node is known again: made at its first start, kept in its folder, never anyone's money.

use std::fmt;

use bytes::Bytes;
use secp256k1::ecdsa::Signature;
use secp256k1::{Message as Digest, PublicKey, SECP256K1, SecretKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{BlockId, Hello};

/// What a signature is over begins with this, so that it can never be one over anything else.
const DOMAIN: &[u8] = b"bcoin session 1\0";

/// A node's public key: a compressed point of secp256k1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey([u8; 33]);

impl NodeKey {
    /// As it stands in a greeting.
    pub fn to_bytes(self) -> Bytes {
        Bytes::copy_from_slice(&self.0)
    }

    /// For tests, and for whoever has no point at hand: these bytes, unchecked.
    pub fn from_bytes(bytes: [u8; 33]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why somebody is not who they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadProof {
    #[error("the key is no point of the curve")]
    Key,
    #[error("the proof is no signature")]
    Form,
    #[error("the signature is not the key's")]
    Signature,
}

/// A node's own key pair.
#[derive(Clone)]
pub struct Identity {
    secret: SecretKey,
    key: NodeKey,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// The key pair of this secret, if it is one: nearly every 32 bytes are.
    pub fn of(secret: [u8; 32]) -> Option<Self> {
        let secret = SecretKey::from_byte_array(secret).ok()?;
        let key = NodeKey(PublicKey::from_secret_key(SECP256K1, &secret).serialize());
        Some(Self { secret, key })
    }

    pub fn key(&self) -> NodeKey {
        self.key
    }

    /// The secret, for the file that keeps it.
    pub fn secret_bytes(&self) -> [u8; 32] {
        self.secret.secret_bytes()
    }

    /// Shows to the other that this node has the key that it named.
    pub fn prove(&self, own: &Hello, other: &Hello) -> [u8; 64] {
        let digest = signed(own, other);
        SECP256K1
            .sign_ecdsa(digest, &self.secret)
            .serialize_compact()
    }
}

/// The key that `hello` names, once `proof` shows that the sender has it; `own` is what was said to the sender.
///
/// # Errors
/// [`BadProof`].
pub fn proven_key(hello: &Hello, own: &Hello, proof: &[u8]) -> Result<NodeKey, BadProof> {
    let bytes: [u8; 33] = hello.key.as_ref().try_into().map_err(|_| BadProof::Key)?;
    let key = PublicKey::from_byte_array_compressed(bytes).map_err(|_| BadProof::Key)?;
    let signature = Signature::from_compact(proof).map_err(|_| BadProof::Form)?;
    SECP256K1
        .verify_ecdsa(signed(hello, own), &signature, &key)
        .map_err(|_| BadProof::Signature)?;
    Ok(NodeKey(bytes))
}

/// What `signer` signs for `other`: both challenges and both keys, so that no proof serves twice.
fn signed(signer: &Hello, other: &Hello) -> Digest {
    let BlockId(genesis) = signer.genesis;
    let digest = Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(genesis)
        .chain_update(other.challenge)
        .chain_update(signer.challenge)
        .chain_update(&other.key)
        .chain_update(&signer.key)
        .finalize();
    Digest::from_digest(digest.into())
}

//! `/add_transaction`: a transaction that somebody signed, or the book's three members, which the node signs if it holds
//! the sender's key.

use std::sync::Arc;

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_primitives::{Address, B256, Bytes};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::blocking;
use super::super::super::body::BodyLimit;
use super::super::super::book::sentences;
use super::super::super::curl_line::CalledAs;
use super::super::super::problem::{Kind, Problem};
use super::super::super::request::{Members, form_instead_of_json, request_text};
use super::super::super::serve::ConnectionFacts;
use super::super::super::v1::parameters::shown;
use super::super::CoinApp;
use super::super::errors::transaction_invalid;
use super::super::v1::fees;
use super::super::v1::transactions::reason;
use crate::limits;
use crate::mempool::Refused;
use crate::node::coin::{Added, CoinError};
use crate::protocol::coin::amount::Amount;
use crate::protocol::coin::state::StateView;
use crate::store::coin::store_error;
use crate::wallet::address;
use crate::wallet::keys::Key;
use crate::wallet::transfer::{TRANSFER_GAS, Transfer};

/// A body that errors show.
pub const A_TRANSACTION: &str = r#"{"raw":"0x02f8…"}"#;

/// What the node lets a contract use that it sends coins to; most need less, and only what is used is paid.
const GAS_FOR_CONTRACTS: u64 = 100_000;

/// Envelopes of so many bytes are read where the request is served: the signature's check takes some hundredths of a millisecond, about what it costs to hand it to
/// another thread and back.
const READ_AT_ONCE: usize = 4_096;

/// A transaction: `raw`, or the other three.
#[derive(Serialize, ToSchema)]
#[schema(as = CoinNewTransaction)]
pub struct NewTransaction {
    /// A signed envelope (EIP-2718) in hexadecimal, as any wallet of Ethereum's makes it for this chain id.
    #[schema(nullable = false, pattern = "^0x([0-9a-fA-F]{2})+$")]
    pub raw: Option<String>,
    /// Whose key this node holds.
    #[schema(nullable = false)]
    pub sender: Option<String>,
    #[schema(nullable = false)]
    pub receiver: Option<String>,
    /// In coins, exact to 18 places: a number or text.
    #[schema(nullable = false, example = "1.5")]
    pub amount: Option<String>,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub struct AddedAnswer {
    /// By which everyone knows the transaction: `/v1/transactions/{hash}`.
    #[schema(pattern = "^0x[0-9a-f]{64}$")]
    pub hash: String,
    pub message: String,
    /// What it waits for, if not for the next block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waits_for: Option<String>,
}

/// Hands in a transaction: a signed one as `raw`, or the book's three members where the node holds the sender's key.
///
/// What is signed carries its own authority, so `raw` needs no token; the three members need what every change needs, and a
/// node that was told to hold the sender's key (`--unlock`), which then chooses nonce and fee. `amount` is coins, as a number
/// or text, exact to 18 places.
#[utoipa::path(
    post, path = "/add_transaction", tag = "book",
    request_body(content = NewTransaction, example = json!({"raw": "0x02f874827a6980843b9aca01843b9aca01825208943c44cdddb6a900fa2b585dd299e03d12fa4293bc8814d1120d7b16000080c080a0bdb5243dd6915466c7abe7588db1d539f124d645d127fc0aa1a84e1a7c831517a04b3ae1a2ff23b2c91a3be6019d80d81be63641c7299afacb3b99259a64252cb0"})),
    responses(
        (status = 200, description = "It was known already.", body = AddedAnswer),
        (status = 201, description = "It waits, and is durable.", body = AddedAnswer),
        (status = 400, description = "No JSON object, no envelope, or a member is missing: `missing` lists which."),
        (status = 403, description = "The node does not hold the sender's key; or a browser asks on behalf of another site's page."),
        (status = 409, description = "It may not wait as things stand: `rule` names the rule, as `mempool_nonce_used`."),
        (status = 422, description = "It breaks a rule of the network, which `rule` names, as `tx_chain_id`."),
        (status = 507, description = "The mempool has no room for what pays so little, or the disk takes no writes."),
    )
)]
pub(in super::super) async fn add_transaction(
    State(app): State<Arc<CoinApp>>,
    facts: Option<Extension<ConnectionFacts>>,
    called_as: CalledAs,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let example = || called_as.post("/add_transaction", A_TRANSACTION);
    let limit = BodyLimit::bytes(limits::HTTP_RAW_BYTES);
    let text = request_text(body, limit, sentences::MEMBERS_MISSING, example).await?;
    let members = Members::read(&text).map_err(|error| {
        form_instead_of_json(&text, sentences::MEMBERS_MISSING, example)
            .unwrap_or_else(|| error.into())
    })?;
    // Which of the two its sender meant nobody knows.
    if let Some(name) = members.repeated() {
        let detail = format!(
            "'{}' is there twice; a transaction says each thing once.",
            shown(name)
        );
        return Err(Problem::new(Kind::BadMember, detail));
    }
    if members.raw("raw").is_some() {
        if let Some(other) = ["sender", "receiver", "amount"]
            .iter()
            .find(|name| members.raw(name).is_some())
        {
            let detail = format!("'raw' says all of a transaction; leave '{other}' out, or 'raw'.");
            return Err(Problem::new(Kind::BadMember, detail));
        }
        return Ok(told(&app, handed_in(&app, envelope(&members)?).await?));
    }
    let facts = facts.map(|Extension(facts)| facts);
    app.face.guard.has_a_right(facts.as_ref(), &headers)?;
    let transfer = BookTransfer::read(&members, &example())?;
    // Held until the transaction waits, so that the next one gets the next nonce.
    let Some((key, turn)) = app.keys.key_in_turn(transfer.sender).await else {
        return Err(key_not_held(transfer.sender));
    };
    // Another wallet with this key may be faster: then the nonce is taken, and the next one will do.
    const TRIES: u32 = 5;
    for _ in 1..TRIES {
        match handed_in(&app, transfer.signed(&app, key).await?).await {
            Ok(added) if added.was_known => {}
            Err(NotAdded::Node(CoinError::Refused(
                Refused::NonceUsed { .. } | Refused::ReplacementPaysTooLittle { .. },
            ))) => {}
            done => return Ok(told(&app, done?)),
        }
    }
    let added = handed_in(&app, transfer.signed(&app, key).await?).await?;
    drop(turn);
    Ok(told(&app, added))
}

/// Why a transaction does not wait.
enum NotAdded {
    Node(CoinError),
    Other(Problem),
}

impl From<NotAdded> for Problem {
    fn from(why: NotAdded) -> Self {
        match why {
            NotAdded::Node(error) => error.into(),
            NotAdded::Other(problem) => problem,
        }
    }
}

/// Has a transaction wait.
async fn handed_in(app: &CoinApp, envelope: Bytes) -> Result<Added, NotAdded> {
    let read = if envelope.len() <= READ_AT_ONCE {
        app.node.read_transaction(envelope)
    } else {
        let node = app.node.clone();
        let read = blocking(move || node.read_transaction(envelope)).await;
        read.map_err(NotAdded::Other)?
    };
    let transaction = read.map_err(|rule| NotAdded::Other(transaction_invalid(&rule)))?;
    let added = app.node.add_transaction(Arc::new(transaction)).await;
    added.map_err(NotAdded::Node)
}

/// What was done with a transaction, as an answer.
fn told(app: &CoinApp, added: Added) -> Response {
    let hash = added.hash;
    if added.was_known {
        let message = "This transaction is known already".to_owned();
        return answer(StatusCode::OK, hash, message, None);
    }
    let waits_for = waits_behind(app, hash);
    let message = match &waits_for {
        // The book counts blocks from 1, the chain from 0.
        None => {
            let next = app.node.tip().place.number.saturating_add(2);
            format!("This transaction will be added to the Block {next}")
        }
        Some(missing) => format!("This transaction waits for {missing}"),
    };
    answer(StatusCode::CREATED, hash, message, waits_for)
}

fn answer(status: StatusCode, hash: B256, message: String, waits_for: Option<String>) -> Response {
    let hash = hash.to_string();
    let answer = AddedAnswer {
        hash,
        message,
        waits_for,
    };
    (status, Json(answer)).into_response()
}

/// What a transaction waits for that the next block cannot take.
fn waits_behind(app: &CoinApp, hash: B256) -> Option<String> {
    let missing = app.node.mempool().missing_before(&hash);
    missing.as_ref().map(reason)
}

/// The envelope in `raw`.
fn envelope(members: &Members<'_>) -> Result<Bytes, Problem> {
    let bad = |what: String| {
        let detail =
            format!("'raw' is a signed transaction in hexadecimal, as \"0x02f8…\"; {what}.");
        Problem::new(Kind::BadMember, detail).with("rule", "tx_encoding")
    };
    let text = members
        .text("raw")
        .ok_or_else(|| bad("this is no text".to_owned()))?;
    let digits = text
        .strip_prefix("0x")
        .ok_or_else(|| bad("this does not begin with 0x".to_owned()))?;
    let bytes = hex::decode(digits).map_err(|error| bad(error.to_string().to_lowercase()))?;
    Ok(bytes.into())
}

/// The book's three members, read.
struct BookTransfer {
    sender: Address,
    receiver: Address,
    amount: Amount,
}

impl BookTransfer {
    fn read(members: &Members<'_>, example: &str) -> Result<Self, Problem> {
        let names = ["sender", "receiver", "amount"];
        let missing: Vec<&str> = names
            .into_iter()
            .filter(|name| members.raw(name).is_none())
            .collect();
        if !missing.is_empty() {
            let detail = format!(
                "{} A transaction needs either 'raw', signed by its sender's wallet, or 'sender', 'receiver' and 'amount' where this node \
                 holds the sender's key; missing: {}. For example: {example}",
                sentences::MEMBERS_MISSING,
                missing.join(", ")
            );
            return Err(Problem::new(Kind::MissingMember, detail).with("missing", missing));
        }
        Ok(Self {
            sender: address_member(members, "sender")?,
            receiver: address_member(members, "receiver")?,
            amount: amount_member(members)?,
        })
    }

    /// Signed, with what [`BookTransfer::completed`] adds.
    async fn signed(&self, app: &Arc<CoinApp>, key: &Key) -> Result<Bytes, Problem> {
        let signed = self.completed(app).await?.sign(key);
        let signed = signed.map_err(|error| {
            Problem::new(Kind::BadMember, format!("It cannot be signed: {error}."))
        })?;
        Ok(signed.raw)
    }

    /// With the sender's next nonce and a fee that the next blocks should take.
    async fn completed(&self, app: &Arc<CoinApp>) -> Result<Transfer, Problem> {
        let fee = fees::suggested(app).await?.normal;
        let (node, sender, receiver) = (app.node.clone(), self.sender, self.receiver);
        let (nonce, gas_limit) = blocking(move || {
            node.read_with_mempool(|snapshot, mempool| {
                let account = |address| {
                    snapshot
                        .account(address)
                        .map_err(|error| store_error(&error))
                };
                let nonce = account(sender)?.map_or(0, |account| account.nonce);
                let is_contract =
                    account(receiver)?.is_some_and(|account| account.code_hash != KECCAK_EMPTY);
                let gas_limit = if is_contract {
                    GAS_FOR_CONTRACTS
                } else {
                    TRANSFER_GAS
                };
                Ok((mempool.next_nonce(sender, nonce), gas_limit))
            })
        })
        .await??;
        let parameters = app.node.parameters();
        Ok(Transfer {
            chain_id: parameters.chain_id,
            nonce,
            to: self.receiver,
            amount: self.amount,
            gas_limit,
            greatest_fee: fee.saturating_add(parameters.base_fee.into()),
            priority_fee: fee,
        })
    }
}

fn address_member(members: &Members<'_>, name: &str) -> Result<Address, Problem> {
    let bad = |what: String| Problem::new(Kind::BadMember, format!("'{name}': {what}."));
    let text = members
        .text(name)
        .ok_or_else(|| bad("an address is a text such as \"0xf39F…2266\"".to_owned()))?;
    let written = address::parse(&text).map_err(|error| {
        bad(format!(
            "`{}` is no address of this network: {error}",
            shown(&text)
        ))
    })?;
    Ok(written.address)
}

/// Taken from the text of the number: a double would lose units.
fn amount_member(members: &Members<'_>) -> Result<Amount, Problem> {
    let text = members.raw("amount").unwrap_or_default();
    let text = match text.starts_with('"') {
        true => members.text("amount").unwrap_or_default(),
        false => text.to_owned(),
    };
    text.parse().map_err(|error| {
        let detail = format!("'amount' is `{}`: {error}.", shown(&text));
        Problem::new(Kind::BadMember, detail)
    })
}

fn key_not_held(sender: Address) -> Problem {
    let detail = format!(
        "This node does not hold the key of {sender}, and nobody may send another's coins. Either sign the transaction in the wallet that has the \
         key and send {{\"raw\": \"0x…\"}} (`bcoin wallet send` does both), or start the node with `--unlock {sender}`, which has it hold the key."
    );
    Problem::new(Kind::KeyNotHeld, detail).with("sender", sender.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(json: &str) -> Result<String, Kind> {
        let text = format!(r#"{{"amount": {json}}}"#);
        let members = Members::read(&text).expect("JSON");
        amount_member(&members)
            .map(|amount| amount.to_string())
            .map_err(|problem| problem.kind())
    }

    #[test]
    fn amounts_are_exact_as_numbers_and_as_text() {
        for (json, shown) in [
            ("1", "1"),
            ("0.1", "0.1"),
            ("\"0.1\"", "0.1"),
            ("1.000000000000000001", "1.000000000000000001"),
            ("9007199254740993", "9007199254740993"),
            ("\"9007199254740993.5\"", "9007199254740993.5"),
        ] {
            assert_eq!(amount(json).as_deref(), Ok(shown), "{json}");
        }
        for json in [
            "-1",
            "1e3",
            "null",
            "true",
            "[1]",
            "\"\"",
            "\"1,5\"",
            "0.0000000000000000001",
        ] {
            assert_eq!(amount(json), Err(Kind::BadMember), "{json}");
        }
    }

    #[test]
    fn an_address_with_a_wrong_checksum_is_refused() {
        let read = |text: &str| {
            let text = format!(r#"{{"sender": "{text}"}}"#);
            let members = Members::read(&text).expect("JSON");
            address_member(&members, "sender").map_err(|problem| problem.detail().to_owned())
        };
        assert!(read("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266").is_ok());
        assert!(read("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266").is_ok());
        let wrong = read("0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266").expect_err("a checksum");
        assert!(wrong.contains("checksum"), "{wrong}");
        assert!(read("alice").is_err());
    }
}

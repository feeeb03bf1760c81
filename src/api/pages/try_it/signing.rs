//! A transfer for the lesson, signed with a key that everybody has. On the network `dev` alone, where such keys are all there is.

use std::sync::Arc;

use super::super::super::blocking;
use super::super::super::coin::CoinApp;
use super::super::super::problem::{Kind, Problem};
use crate::protocol::coin::DEV_ACCOUNTS;
use crate::protocol::coin::state::StateView;
use crate::store::coin::store_error;
use crate::wallet::address;
use crate::wallet::keys::public_test_keys;
use crate::wallet::transfer::{TRANSFER_GAS, Transfer};

/// What is paid when nobody says otherwise, in coins.
const AMOUNT: &str = "1.5";

/// What a visitor wants signed.
pub(super) struct Wish {
    /// The account that pays, by its number among the test accounts.
    account: usize,
    receiver: String,
    amount: String,
}

/// What was signed.
#[derive(Debug)]
pub(super) struct Signing {
    pub sender: String,
    pub receiver: String,
    pub amount: String,
    /// How many transactions of the account come before it.
    pub number: u64,
    pub raw: Option<String>,
    /// Why it was not signed.
    pub refused: Option<String>,
}

impl Wish {
    pub fn read(account: usize, query: &str) -> Self {
        let next = DEV_ACCOUNTS.get(account + 1).or(DEV_ACCOUNTS.first());
        let mut wish = Self {
            account,
            receiver: next.map(ToString::to_string).unwrap_or_default(),
            amount: AMOUNT.to_owned(),
        };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value: String = value.trim().chars().take(100).collect();
            match name.as_ref() {
                "receiver" => wish.receiver = value,
                "amount" => wish.amount = value,
                _ => {}
            }
        }
        wish
    }
}

/// Signs with the account's next nonce and the fee that the node suggests.
pub(super) async fn signed(app: &Arc<CoinApp>, wish: Wish) -> Result<Signing, Problem> {
    let sender = DEV_ACCOUNTS
        .get(wish.account)
        .copied()
        .ok_or_else(no_account)?;
    let reading = Arc::clone(app);
    let (nonce, fee) = blocking(move || {
        let fee = reading.suggested_fees()?.normal;
        let nonce = reading.node.read_with_mempool(|snapshot, mempool| {
            let account = snapshot
                .account(sender)
                .map_err(|error| store_error(&error))?;
            Ok(mempool.next_nonce(sender, account.map_or(0, |account| account.nonce)))
        })?;
        Ok::<_, Problem>((nonce, fee))
    })
    .await??;
    let raw = transfer(app, &wish, nonce, fee);
    Ok(Signing {
        sender: sender.to_string(),
        receiver: wish.receiver,
        amount: wish.amount,
        number: nonce,
        refused: raw.as_ref().err().cloned(),
        raw: raw.ok(),
    })
}

/// The envelope in hexadecimal, or why there is none.
fn transfer(app: &CoinApp, wish: &Wish, nonce: u64, fee: u128) -> Result<String, String> {
    let receiver = address::parse(&wish.receiver).map_err(|error| error.to_string())?;
    let amount = wish.amount.parse().map_err(|error| format!("{error}"));
    let parameters = app.node.parameters();
    let transfer = Transfer {
        chain_id: parameters.chain_id,
        nonce,
        to: receiver.address,
        amount: amount?,
        gas_limit: TRANSFER_GAS,
        greatest_fee: fee.saturating_add(parameters.base_fee.into()),
        priority_fee: fee,
    };
    let keys = public_test_keys(wish.account + 1);
    let key = keys.last().ok_or_else(|| "no key".to_owned())?;
    let signed = transfer.sign(key).map_err(|error| error.to_string())?;
    Ok(signed.raw.to_string())
}

fn no_account() -> Problem {
    Problem::new(Kind::Internal, "The lesson names an account that is none.")
}

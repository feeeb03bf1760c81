//! A token is made, sold, passed on and withdrawn for.
//!
//! `cargo run --example token_sale -- [http://127.0.0.1:1001]`, with `bcoin node --network dev` running.

#[path = "contracts/stage.rs"]
mod stage;

use bcoin::args;
use bcoin::contract::Contract;
use stage::{DAY, Person, Stage, artifact, as_coins, coins};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut stage = Stage::open("A token and its sale, at a fixed price, for coins.").await?;
    let owner = Person::new("Owner", 1);
    let (ann, ben) = (Person::new("Ann", 2), Person::new("Ben", 3));
    let everybody = [&owner, &ann, &ben];
    stage.introduce(&everybody).await?;

    stage.step("The owner makes 1000 tokens, and offers 500 of them for 0.01 coins each, at most 300 to one account, for a week.");
    let closes = stage.now().await? + 7 * DAY;
    // Tokens have as many places as coins, so that 0.01 coins for a whole token are 0.01 coins for 10^18 units of it.
    let terms = args![
        "Bharathi Token",
        "BHA",
        coins("1000"),
        coins("500"),
        coins("0.01"),
        coins("300"),
        closes
    ];
    let sale = stage
        .deploy(&owner, &artifact("token_sale")?, terms, coins("0"))
        .await?;

    stage.step("Ann wants 100 tokens for half the price.");
    let attempt = sale
        .pay(&ann.account, "buy", args![coins("100")], coins("0.5"))
        .await;
    stage.refused(attempt, "WrongPayment")?;
    stage.step("She buys 100 tokens for 1 coin.");
    stage.done(
        &sale
            .pay(&ann.account, "buy", args![coins("100")], coins("1"))
            .await?,
    );
    stage.step("She wants 201 more, one above the cap; then 200.");
    let attempt = sale
        .pay(&ann.account, "buy", args![coins("201")], coins("2.01"))
        .await;
    stage.refused(attempt, "OverCap")?;
    stage.done(
        &sale
            .pay(&ann.account, "buy", args![coins("200")], coins("2"))
            .await?,
    );
    stage.step("Ben wants 201, and only 200 are left; so he buys 150.");
    let attempt = sale
        .pay(&ben.account, "buy", args![coins("201")], coins("2.01"))
        .await;
    stage.refused(attempt, "NotEnoughLeft")?;
    stage.done(
        &sale
            .pay(&ben.account, "buy", args![coins("150")], coins("1.5"))
            .await?,
    );

    stage.step("Ann sends Ben 25 tokens. Ben tries to take 10 more by himself, and may once Ann has allowed it.");
    stage.done(
        &sale
            .send(&ann.account, "transfer", args![ben.address(), coins("25")])
            .await?,
    );
    let take = args![ann.address(), ben.address(), coins("10")];
    stage.refused(
        sale.send(&ben.account, "transferFrom", take).await,
        "ERC20InsufficientAllowance",
    )?;
    stage.done(
        &sale
            .send(&ann.account, "approve", args![ben.address(), coins("10")])
            .await?,
    );
    stage.done(&sale.send(&ben.account, "transferFrom", take).await?);

    stage.step("Ben tries to withdraw what buyers have paid, and to end the sale.");
    stage.refused(
        sale.send(&ben.account, "withdraw", args![]).await,
        "OnlyOwner",
    )?;
    stage.refused(
        sale.send(&ben.account, "end", args![]).await,
        "SaleStillOpen",
    )?;
    stage.step("A week later the sale is over. Ann comes too late; Ben ends it for everybody, and the owner withdraws the coins.");
    stage.pass(7 * DAY).await?;
    let attempt = sale
        .pay(&ann.account, "buy", args![coins("1")], coins("0.01"))
        .await;
    stage.refused(attempt, "SaleIsOver")?;
    stage.done(&sale.send(&ben.account, "end", args![]).await?);
    stage.done(&sale.send(&owner.account, "withdraw", args![]).await?);

    for person in everybody {
        stage.tell(format_args!(
            "{} has {} tokens.",
            person.name,
            tokens(&sale, person).await?
        ));
    }
    stage.close(&everybody, &[("Sale", sale.address())]).await
}

async fn tokens(
    sale: &Contract,
    holder: &Person,
) -> anyhow::Result<bcoin::protocol::coin::amount::Amount> {
    let units = sale
        .call("balanceOf", args![holder.address()])
        .await?
        .uint(0)?;
    Ok(as_coins(units))
}

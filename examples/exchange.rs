//! Two tokens, a pool of both, trades, and a provider who leaves with the fees.
//!
//! `cargo run --example exchange -- [http://127.0.0.1:1001]`, with `bcoin node --network dev` running.

#[path = "contracts/stage.rs"]
mod stage;

use bcoin::args;
use bcoin::contract::Contract;
use bcoin::protocol::coin::amount::Amount;
use stage::{DAY, HOUR, Person, Stage, artifact, as_coins, coins};

/// "Without limit", where an amount is allowed or at most given.
const ALL: &str = "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut stage =
        Stage::open("An exchange of two tokens: a pool whose reserves make the price.").await?;
    let (maker, ann, ben) = (
        Person::new("Maker", 1),
        Person::new("Ann", 2),
        Person::new("Ben", 3),
    );
    let everybody = [&maker, &ann, &ben];
    stage.introduce(&everybody).await?;
    let closes = stage.now().await? + 30 * DAY;

    stage.step("The maker makes two tokens, WHEAT and STEEL, and gives Ann and Ben some of each.");
    let mut tokens = Vec::new();
    for symbol in ["WHEAT", "STEEL"] {
        // The token of the sale serves here as a token alone: next to nothing of it is for sale.
        let terms = args![
            symbol,
            symbol,
            coins("1000000"),
            1_u64,
            coins("1"),
            1_u64,
            closes
        ];
        let token = stage
            .deploy(&maker, &artifact("token_sale")?, terms, coins("0"))
            .await?;
        for person in [&ann, &ben] {
            token
                .send(
                    &maker.account,
                    "transfer",
                    args![person.address(), coins("10000")],
                )
                .await?;
        }
        tokens.push(token);
    }
    let [wheat, steel] = tokens
        .try_into()
        .map_err(|_| anyhow::anyhow!("two tokens were made"))?;

    stage.step("Ann opens the exchange and allows it to take her tokens; so does Ben.");
    let pool = stage
        .deploy(
            &ann,
            &artifact("exchange")?,
            args![wheat.address(), steel.address()],
            coins("0"),
        )
        .await?;
    for person in [&ann, &ben] {
        for token in [&wheat, &steel] {
            token
                .send(&person.account, "approve", args![pool.address(), ALL])
                .await?;
        }
    }
    stage.step("Ann puts 1000 WHEAT and 4000 STEEL into the pool: so 1 WHEAT is worth 4 STEEL.");
    let soon = stage.now().await? + HOUR;
    let provide = args![coins("1000"), coins("4000"), 0_u64, 0_u64, 0_u64, soon];
    stage.done(&pool.send(&ann.account, "provide", provide).await?);

    stage.step("Ben asks what 100 WHEAT would bring.");
    let quoted = quote(&pool, &wheat, coins("100")).await?;
    stage.tell(format_args!(
        "{quoted} STEEL: the price falls while he trades, and 0.3 % stay in the pool."
    ));
    stage.step("He insists on 400, and is refused; then he trades for at least what was said.");
    let greedy = args![wheat.address(), coins("100"), coins("400"), soon];
    stage.refused(
        pool.send(&ben.account, "trade", greedy).await,
        "less than wanted would come out",
    )?;
    let trade = args![wheat.address(), coins("100"), quoted, soon];
    stage.done(&pool.send(&ben.account, "trade", trade).await?);
    stage.step(
        "The price has moved. The same trade again would bring less than he named, and is refused.",
    );
    stage.refused(
        pool.send(&ben.account, "trade", trade).await,
        "less than wanted would come out",
    )?;
    let again = quote(&pool, &wheat, coins("100")).await?;
    stage.tell(format_args!("Now 100 WHEAT bring {again} STEEL."));

    stage.step("Ben trades the STEEL back: there and back cost him the fee twice.");
    let back = quote(&pool, &steel, quoted).await?;
    stage.done(
        &pool
            .send(
                &ben.account,
                "trade",
                args![steel.address(), quoted, back, soon],
            )
            .await?,
    );
    stage.tell(format_args!("He gave 100 WHEAT, and has {back} back."));
    stage.step("A transaction that waited too long is refused.");
    stage.pass(2 * HOUR).await?;
    stage.refused(
        pool.send(&ben.account, "trade", trade).await,
        "the deadline has passed",
    )?;

    stage.step(
        "Ben tries to take out Ann's shares. Ann does, and the fees of both trades are hers.",
    );
    let shares = pool.call("shares", args![ann.address()]).await?.uint(0)?;
    let late = stage.now().await? + HOUR;
    let withdraw = args![shares, coins("1000"), coins("3999"), late];
    stage.refused(
        pool.send(&ben.account, "withdraw", withdraw).await,
        "you have fewer shares",
    )?;
    stage.done(&pool.send(&ann.account, "withdraw", withdraw).await?);
    for person in everybody {
        let (wheat, steel) = (held(&wheat, person).await?, held(&steel, person).await?);
        stage.tell(format_args!(
            "{} has {wheat} WHEAT and {steel} STEEL.",
            person.name
        ));
    }
    let contracts = [
        ("Wheat", wheat.address()),
        ("Steel", steel.address()),
        ("Exchange", pool.address()),
    ];
    stage.close(&everybody, &contracts).await
}

async fn quote(pool: &Contract, token: &Contract, amount: Amount) -> anyhow::Result<Amount> {
    let units = pool
        .call("quote", args![token.address(), amount])
        .await?
        .uint(0)?;
    Ok(as_coins(units))
}

async fn held(token: &Contract, holder: &Person) -> anyhow::Result<Amount> {
    let units = token
        .call("balanceOf", args![holder.address()])
        .await?
        .uint(0)?;
    Ok(as_coins(units))
}

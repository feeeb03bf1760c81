//! Three purchases through an escrow: one that goes well, one whose seller is late, and one that an arbiter has to divide.
//!
//! `cargo run --example escrow -- [http://127.0.0.1:1001]`, with `bcoin node --network dev` running.

#[path = "contracts/stage.rs"]
mod stage;

use alloy_primitives::{B256, keccak256};
use bcoin::args;
use bcoin::contract::{Artifact, Contract};
use stage::{DAY, Person, Stage, artifact, as_coins, coins};

const TERMS: &str =
    "Twelve chairs of oak, delivered to the town hall within a week. Price 8 coins.";

struct Cast {
    buyer: Person,
    seller: Person,
    arbiter: Person,
    escrow: Artifact,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut stage = Stage::open("An escrow: the price waits until the goods are there.").await?;
    let cast = Cast {
        buyer: Person::new("Buyer", 1),
        seller: Person::new("Seller", 2),
        arbiter: Person::new("Arbiter", 3),
        escrow: artifact("escrow")?,
    };
    let everybody = [&cast.buyer, &cast.seller, &cast.arbiter];
    stage.introduce(&everybody).await?;
    println!("The terms: {TERMS}\nTheir hash: {}\n", keccak256(TERMS));
    let good = goes_well(&mut stage, &cast).await?;
    println!();
    let late = seller_is_late(&mut stage, &cast).await?;
    println!();
    let disputed = dispute(&mut stage, &cast).await?;
    let escrows = [
        ("Escrow 1", good.address()),
        ("Escrow 2", late.address()),
        ("Escrow 3", disputed.address()),
    ];
    stage.close(&everybody, &escrows).await
}

/// The buyer offers and pays in, the seller agrees to the terms and leaves the deposit.
async fn agreed(stage: &Stage, cast: &Cast) -> anyhow::Result<Contract> {
    let (seller, arbiter) = (cast.seller.address(), cast.arbiter.address());
    let terms = args![
        seller,
        arbiter,
        keccak256(TERMS),
        coins("1"),
        7 * DAY,
        2 * DAY,
        3 * DAY
    ];
    let escrow = stage
        .deploy(&cast.buyer, &cast.escrow, terms, coins("8"))
        .await?;
    stage.done(
        &escrow
            .pay(
                &cast.seller.account,
                "agree",
                args![keccak256(TERMS)],
                coins("1"),
            )
            .await?,
    );
    Ok(escrow)
}

async fn withdraw(stage: &Stage, escrow: &Contract, who: &Person) -> anyhow::Result<()> {
    let credit = escrow.call("credit", args![who.address()]).await?.uint(0)?;
    stage.done(&escrow.send(&who.account, "withdraw", args![]).await?);
    stage.tell(format_args!(
        "{} has got {} coins from this escrow.",
        who.name,
        as_coins(credit)
    ));
    Ok(())
}

async fn goes_well(stage: &mut Stage, cast: &Cast) -> anyhow::Result<Contract> {
    let Cast { buyer, seller, .. } = cast;
    stage.step(
        "The buyer pays 8 coins in; the seller agrees to the terms and leaves 1 coin as a deposit.",
    );
    let escrow = agreed(stage, cast).await?;
    stage.step("The buyer tries to take the price back.");
    stage.refused(
        escrow.send(&buyer.account, "cancel", args![]).await,
        "the seller has agreed already",
    )?;
    stage.step("The seller tries to be paid before delivering.");
    stage.refused(
        escrow.send(&seller.account, "withdraw", args![]).await,
        "nothing to withdraw",
    )?;
    stage.step("Five days later the seller delivers, and leaves the hash of the waybill.");
    stage.pass(5 * DAY).await?;
    stage.done(
        &escrow
            .send(&seller.account, "deliver", args![keccak256("waybill 77")])
            .await?,
    );
    stage.step("The buyer accepts. The seller withdraws price and deposit.");
    stage.done(&escrow.send(&buyer.account, "accept", args![]).await?);
    withdraw(stage, &escrow, seller).await?;
    stage.tell(format_args!(
        "The escrow's state: {}.",
        stage.state(&escrow).await?
    ));
    Ok(escrow)
}

async fn seller_is_late(stage: &mut Stage, cast: &Cast) -> anyhow::Result<Contract> {
    let Cast { buyer, seller, .. } = cast;
    stage.step("The same again, and this time the seller does nothing.");
    let escrow = agreed(stage, cast).await?;
    stage.step("After six days the buyer loses patience; but the seller has a week.");
    stage.pass(6 * DAY).await?;
    stage.refused(
        escrow.send(&buyer.account, "claim_breach", args![]).await,
        "the seller still has time",
    )?;
    stage.step("After eight days the seller wants to deliver after all.");
    stage.pass(2 * DAY).await?;
    stage.tell(format_args!(
        "The escrow's state: {}.",
        stage.state(&escrow).await?
    ));
    let evidence = args![B256::ZERO];
    stage.refused(
        escrow.send(&seller.account, "deliver", evidence).await,
        "too late to deliver",
    )?;
    stage.step("The buyer claims breach, and withdraws the price and the seller's deposit.");
    stage.done(&escrow.send(&buyer.account, "claim_breach", args![]).await?);
    withdraw(stage, &escrow, buyer).await?;
    Ok(escrow)
}

async fn dispute(stage: &mut Stage, cast: &Cast) -> anyhow::Result<Contract> {
    let Cast {
        buyer,
        seller,
        arbiter,
        ..
    } = cast;
    stage.step("A third purchase. The seller delivers at once; but two of the chairs are of pine.");
    let escrow = agreed(stage, cast).await?;
    stage.done(
        &escrow
            .send(&seller.account, "deliver", args![keccak256("waybill 78")])
            .await?,
    );
    stage.step("The buyer disputes, and leaves the hash of the complaint.");
    let complaint = keccak256("two of the chairs are of pine");
    stage.done(
        &escrow
            .send(&buyer.account, "dispute", args![complaint])
            .await?,
    );
    stage.step("The seller tries to decide alone, and the buyer proposes to pay nothing.");
    stage.refused(
        escrow
            .send(&seller.account, "decide", args![coins("9")])
            .await,
        "only the arbiter",
    )?;
    stage.done(&escrow.send(&buyer.account, "propose", args![0_u64]).await?);
    stage.step(
        "The arbiter looks at the chairs: 7.5 of the 9 coins to the seller, the rest to the buyer.",
    );
    stage.done(
        &escrow
            .send(&arbiter.account, "decide", args![coins("7.5")])
            .await?,
    );
    stage.step("The arbiter tries to decide once more, and to withdraw something, too.");
    stage.refused(
        escrow.send(&arbiter.account, "decide", args![0_u64]).await,
        "there is no dispute",
    )?;
    stage.refused(
        escrow.send(&arbiter.account, "withdraw", args![]).await,
        "nothing to withdraw",
    )?;
    stage.step("Both withdraw.");
    withdraw(stage, &escrow, seller).await?;
    withdraw(stage, &escrow, buyer).await?;
    stage.tell(format_args!(
        "The escrow's state: {}.",
        stage.state(&escrow).await?
    ));
    Ok(escrow)
}

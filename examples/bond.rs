//! A bond, from the offer to the last repayment, and another one that ends in default.
//!
//! `cargo run --example bond -- [http://127.0.0.1:1001]`, with `bcoin node --network dev` running.

#[path = "contracts/stage.rs"]
mod stage;

use bcoin::args;
use bcoin::contract::{Artifact, Contract};
use stage::{DAY, Person, Stage, artifact, as_coins, coins};

struct Cast {
    issuer: Person,
    ann: Person,
    ben: Person,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut stage =
        Stage::open("A bond: investors lend coins to an issuer, who repays them with interest.")
            .await?;
    let cast = Cast {
        issuer: Person::new("Issuer", 1),
        ann: Person::new("Ann", 2),
        ben: Person::new("Ben", 3),
    };
    let everybody = [&cast.issuer, &cast.ann, &cast.ben];
    stage.introduce(&everybody).await?;
    let bond = artifact("bond")?;
    let repaid = repaid_in_time(&mut stage, &cast, &bond).await?;
    println!();
    let defaulted = default(&mut stage, &cast, &bond).await?;
    let bonds = [
        ("Bond 1", repaid.address()),
        ("Bond 2", defaulted.address()),
    ];
    stage.close(&everybody, &bonds).await
}

async fn offer(stage: &Stage, cast: &Cast, bond: &Artifact) -> anyhow::Result<Contract> {
    let deadline = stage.now().await? + DAY;
    let terms = args![coins("10"), 500_u64, deadline, deadline + 30 * DAY];
    stage.deploy(&cast.issuer, bond, terms, coins("2")).await
}

async fn repaid_in_time(
    stage: &mut Stage,
    cast: &Cast,
    bond: &Artifact,
) -> anyhow::Result<Contract> {
    let Cast { issuer, ann, ben } = cast;
    stage.step("The issuer offers a bond: 10 coins to lend within a day, 10.5 to repay a month later. 2 coins are collateral.");
    let bond = offer(stage, cast, bond).await?;

    stage.step("Ann lends 4 coins.");
    stage.done(&bond.pay(&ann.account, "lend", args![], coins("4")).await?);
    stage.step("The issuer tries to fetch the coins before the goal is reached.");
    stage.refused(
        bond.send(&issuer.account, "fetch", args![]).await,
        "the goal is not reached",
    )?;
    stage.step("Ben tries to lend 7 coins, one more than is wanted, and then lends 6.");
    stage.refused(
        bond.pay(&ben.account, "lend", args![], coins("7")).await,
        "more than is still wanted",
    )?;
    stage.done(&bond.pay(&ben.account, "lend", args![], coins("6")).await?);
    stage.tell(format_args!(
        "The bond's state: {}.",
        stage.state(&bond).await?
    ));

    stage.step("Ann tries to fetch what has come together, and the issuer does.");
    stage.refused(
        bond.send(&ann.account, "fetch", args![]).await,
        "only the issuer",
    )?;
    stage.done(&bond.send(&issuer.account, "fetch", args![]).await?);
    stage.step(
        "Twenty days later the issuer repays 5 coins. Ann claims her share of that, 4 of 10 parts.",
    );
    stage.pass(20 * DAY).await?;
    stage.done(
        &bond
            .pay(&issuer.account, "repay", args![], coins("5"))
            .await?,
    );
    stage.done(&bond.send(&ann.account, "claim", args![]).await?);
    stage.step("She tries to claim it a second time.");
    stage.refused(
        bond.send(&ann.account, "claim", args![]).await,
        "nothing to claim",
    )?;

    stage.step("The issuer repays the other 5.5 coins. Everybody takes what is theirs.");
    stage.done(
        &bond
            .pay(&issuer.account, "repay", args![], coins("5.5"))
            .await?,
    );
    stage.done(&bond.send(&ann.account, "claim", args![]).await?);
    stage.done(&bond.send(&ben.account, "claim", args![]).await?);
    stage.done(
        &bond
            .send(&issuer.account, "take_back_collateral", args![])
            .await?,
    );
    for person in [ann, ben] {
        let got = bond
            .call("claimed", args![person.address()])
            .await?
            .uint(0)?;
        stage.tell(format_args!(
            "{} has got {} coins from this bond.",
            person.name,
            as_coins(got)
        ));
    }
    stage.tell(format_args!(
        "The bond's state: {}.",
        stage.state(&bond).await?
    ));
    Ok(bond)
}

async fn default(stage: &mut Stage, cast: &Cast, bond: &Artifact) -> anyhow::Result<Contract> {
    let Cast { issuer, ann, ben } = cast;
    stage.step("The issuer offers a second bond on the same terms. Ann lends 4 coins, Ben 6, and the issuer fetches them.");
    let bond = offer(stage, cast, bond).await?;
    bond.pay(&ann.account, "lend", args![], coins("4")).await?;
    bond.pay(&ben.account, "lend", args![], coins("6")).await?;
    bond.send(&issuer.account, "fetch", args![]).await?;
    stage.step("Ben tries to have the bond declared in default before maturity.");
    stage.refused(
        bond.send(&ben.account, "declare_default", args![]).await,
        "not due yet",
    )?;
    stage.step("Maturity comes, and nothing is repaid.");
    stage.pass(31 * DAY).await?;
    stage.tell(format_args!(
        "The bond's state: {}, before anybody has said so.",
        stage.state(&bond).await?
    ));
    stage.step("Ben has it declared in default, for good. The collateral of 2 coins goes to the investors.");
    stage.done(&bond.send(&ben.account, "declare_default", args![]).await?);
    stage.step("The issuer tries to take the collateral back.");
    stage.refused(
        bond.send(&issuer.account, "take_back_collateral", args![])
            .await,
        "no collateral left",
    )?;
    stage.step("Ann and Ben share the collateral. The other 8.5 coins they have lost: no contract can make somebody pay.");
    stage.done(&bond.send(&ann.account, "claim", args![]).await?);
    stage.done(&bond.send(&ben.account, "claim", args![]).await?);
    for person in [ann, ben] {
        let got = bond
            .call("claimed", args![person.address()])
            .await?
            .uint(0)?;
        stage.tell(format_args!(
            "{} has got {} coins from this bond.",
            person.name,
            as_coins(got)
        ));
    }
    Ok(bond)
}

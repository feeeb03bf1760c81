//! A deed with notaries, and a batch of milk from the farm to its recall.
//!
//! `cargo run --example registry -- [http://127.0.0.1:1001]`, with `bcoin node --network dev` running.

#[path = "contracts/stage.rs"]
mod stage;

use alloy_primitives::keccak256;
use anyhow::Context;
use bcoin::args;
use bcoin::contract::Contract;
use stage::{DAY, HOUR, Person, Stage, artifact, coins};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut stage =
        Stage::open("A registry: who said what, and when, about documents and goods.").await?;
    let (ann, notary, ben) = (
        Person::new("Ann", 1),
        Person::new("Notary", 2),
        Person::new("Ben", 3),
    );
    let (farm, dairy, shop) = (
        Person::new("Farm", 4),
        Person::new("Dairy", 5),
        Person::new("Shop", 6),
    );
    let everybody = [&ann, &notary, &ben, &farm, &dairy, &shop];
    stage.introduce(&everybody).await?;
    stage.step("Ann deploys the registry. From now on it belongs to nobody.");
    let registry = stage
        .deploy(&ann, &artifact("registry")?, args![], coins("0"))
        .await?;
    deed(&mut stage, &registry, &ann, &notary, &ben).await?;
    println!();
    milk(&mut stage, &registry, &farm, &dairy, &shop).await?;
    stage
        .close(&everybody, &[("Registry", registry.address())])
        .await
}

async fn deed(
    stage: &mut Stage,
    registry: &Contract,
    ann: &Person,
    notary: &Person,
    ben: &Person,
) -> anyhow::Result<()> {
    let text =
        "Ann sells the house at 7 Mill Lane to Ben for 300 coins. (Number of this copy: 48151623)";
    let hash = keccak256(text);
    stage.step(format_args!(
        "Ann registers a deed by its hash, {hash}. The text stays with her and Ben."
    ));
    stage.done(&registry.send(&ann.account, "register", args![hash]).await?);
    stage.step("Ben tries to register it, too.");
    stage.refused(
        registry.send(&ben.account, "register", args![hash]).await,
        "already registered",
    )?;
    stage.step("The notary has seen both sign, and says so; once.");
    let statement = args![hash, "both signed before me"];
    stage.done(&registry.send(&notary.account, "attest", statement).await?);
    stage.refused(
        registry.send(&notary.account, "attest", statement).await,
        "already attested",
    )?;
    stage.step("A changed deed has another hash, of which nothing is known.");
    let changed = keccak256(text.replace("300", "30"));
    let found = registry.call("document", args![changed]).await?.text(0)?;
    stage.tell(format_args!("The registry about {changed}: {found}."));
    stage.step("Ben tries to revoke the deed. Ann does, a day later; it stays to be read.");
    let reason = args![hash, "sold again, to Carl"];
    stage.refused(
        registry.send(&ben.account, "revoke", reason).await,
        "only the owner",
    )?;
    stage.pass(DAY).await?;
    stage.done(&registry.send(&ann.account, "revoke", reason).await?);
    let found = registry.call("document", args![hash]).await?.text(0)?;
    stage.tell(format_args!("The registry about {hash}: {found}."));
    Ok(())
}

async fn milk(
    stage: &mut Stage,
    registry: &Contract,
    farm: &Person,
    dairy: &Person,
    shop: &Person,
) -> anyhow::Result<()> {
    stage.step("The farm begins a batch: 500 litres of milk.");
    let made = registry
        .send(
            &farm.account,
            "make",
            args!["milk of Monday, litres", 500_u64],
        )
        .await?;
    stage.done(&made);
    let batch = made
        .event("Made")
        .context("a batch was made")?
        .uint("batch")?;
    stage.step("The shop tries to accept what nobody has offered to it.");
    stage.refused(
        registry.send(&shop.account, "accept", args![batch]).await,
        "not offered to you",
    )?;
    stage.step("The farm hands the milk over to the dairy. Until the dairy accepts, the farm is its holder.");
    stage.done(
        &registry
            .send(&farm.account, "hand_over", args![batch, dairy.address()])
            .await?,
    );
    stage.done(
        &registry
            .send(&dairy.account, "accept", args![batch])
            .await?,
    );
    stage.step("The farm tries to add a measurement; but the milk is the dairy's now, and the dairy notes it.");
    let note = args![batch, keccak256("certificate 12"), "4 degrees on arrival"];
    stage.refused(
        registry.send(&farm.account, "note", note).await,
        "only the holder",
    )?;
    stage.done(&registry.send(&dairy.account, "note", note).await?);
    stage.step("The dairy hands it over to the shop. Five hours later the farm finds germs, and recalls the batch.");
    stage.done(
        &registry
            .send(&dairy.account, "hand_over", args![batch, shop.address()])
            .await?,
    );
    stage.pass(5 * HOUR).await?;
    stage.done(
        &registry
            .send(&farm.account, "recall", args![batch, "germs were found"])
            .await?,
    );
    stage.step("The shop does not get it any more.");
    stage.refused(
        registry.send(&shop.account, "accept", args![batch]).await,
        "the batch is recalled",
    )?;
    stage.done(
        &registry
            .send(&dairy.account, "use_up", args![batch])
            .await?,
    );
    stage.step("The whole history of the batch, from the contract's events:");
    for told in registry.events("", 0).await? {
        // Each event about goods begins with the number of its batch.
        if told
            .values
            .uint("batch")
            .is_ok_and(|number| number == batch)
        {
            stage.tell(&told);
        }
    }
    Ok(())
}

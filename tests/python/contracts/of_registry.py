"""The registry's promises, and the ways to break them."""

from eth_utils import keccak

from .chain import NOBODY, artifact

DEED, CERTIFICATE = keccak(text="deed of house no. 7"), keccak(text="measured at 4 degrees")


def run(checks):
    checks.subject = "registry"
    registry = checks.chain.deploy(artifact("registry"), sender=checks.chain.accounts[0])
    documents(checks, registry)
    goods(checks, registry)


def documents(checks, registry):
    chain = checks.chain
    ann, notary, second, stranger = chain.accounts[:4]
    checks.check("nothing is known of what nobody registered", registry.read("document", DEED), (NOBODY, 0, 0, 0))
    checks.refused("registering nothing", "the hash of the document is needed", registry, "register", b"\0" * 32, sender=ann)
    checks.refused("attesting what is not registered", "not registered", registry, "attest", DEED, "seen", sender=notary)
    checks.refused("revoking what is not registered", "not registered", registry, "revoke", DEED, "lost", sender=ann)
    moment = chain.now() + 50
    chain.next_block_at(moment)
    told = registry.send("register", DEED, sender=ann)
    checks.tells("registering", registry, told, "Registered", document=DEED, owner=ann)
    checks.check("owner and time stand there", registry.read("document", DEED), (ann.lower(), moment, 0, 0))
    checks.refused("registering again", "already registered", registry, "register", DEED, sender=ann)
    checks.refused("registering another's document", "already registered", registry, "register", DEED, sender=stranger)
    told = registry.send("attest", DEED, "I have seen both sign", sender=notary)
    checks.tells("attesting", registry, told, "Attested", document=DEED, notary=notary, statement="I have seen both sign")
    checks.refused("attesting twice", "already attested", registry, "attest", DEED, "again", sender=notary)
    registry.send("attest", DEED, "so have I", sender=second)
    checks.check("attestations are counted", registry.read("document", DEED)[3], 2)
    checks.refused("withdrawing another's attestation", "not attested", registry, "withdraw_attestation", DEED, "no", sender=stranger)
    told = registry.send("withdraw_attestation", DEED, "the passport was forged", sender=notary)
    checks.tells("withdrawing", registry, told, "AttestationWithdrawn", document=DEED, notary=notary, reason="the passport was forged")
    checks.check("a withdrawn attestation counts no more", (registry.read("document", DEED)[3], registry.read("attested_at", DEED, notary)), (1, 0))
    checks.refused("withdrawing twice", "not attested", registry, "withdraw_attestation", DEED, "no", sender=notary)
    checks.refused("revoking as a stranger", "only the owner", registry, "revoke", DEED, "I do not like it", sender=stranger)
    checks.refused("revoking as a notary", "only the owner", registry, "revoke", DEED, "I do not like it", sender=second)
    told = registry.send("revoke", DEED, "sold", sender=ann)
    checks.tells("revoking", registry, told, "Revoked", document=DEED, reason="sold")
    checks.refused("revoking twice", "already revoked", registry, "revoke", DEED, "sold", sender=ann)
    checks.refused("attesting what is revoked", "the document is revoked", registry, "attest", DEED, "fine", sender=stranger)
    checks.refused("registering what was revoked", "already registered", registry, "register", DEED, sender=stranger)
    checks.check("a revoked document stays readable", registry.read("document", DEED)[:2], (ann.lower(), moment))


def goods(checks, registry):
    chain = checks.chain
    farm, dairy, shop, stranger = chain.accounts[:4]
    checks.refused("a batch without a label", "a label is needed", registry, "make", "", 1, sender=farm)
    checks.refused("a batch of nothing", "a quantity is needed", registry, "make", "milk", 0, sender=farm)
    told = registry.send("make", "milk of Monday, litres", 500, sender=farm)
    checks.tells("making", registry, told, "Made", batch=1, maker=farm, label="milk of Monday, litres", quantity=500)
    checks.check("the maker holds it first", registry.read("batch", 1)[:3], (farm.lower(), farm.lower(), NOBODY))
    unknown = "there is no such batch"
    checks.refused("handing over what is not there", unknown, registry, "hand_over", 2, dairy, sender=farm)
    checks.refused("handing over as a stranger", "only the holder", registry, "hand_over", 1, stranger, sender=stranger)
    checks.refused("handing over to nobody", "somebody else is needed", registry, "hand_over", 1, NOBODY, sender=farm)
    checks.refused("handing over to oneself", "somebody else is needed", registry, "hand_over", 1, farm, sender=farm)
    checks.refused("accepting what is not offered", "not offered to you", registry, "accept", 1, sender=dairy)
    checks.check("nor is it offered to a caller who is nobody", registry.why_not("accept", 1, sender=None), "not offered to you")
    checks.refused("accepting what is not there", "not offered to you", registry, "accept", 9, sender=dairy)
    told = registry.send("hand_over", 1, dairy, sender=farm)
    checks.tells("the offer", registry, told, "HandedOver", batch=1, holder=farm, to=dairy)
    checks.check("until it is accepted the holder stays", registry.read("batch", 1)[1], farm.lower())
    checks.refused("offering to two", "already offered to somebody", registry, "hand_over", 1, shop, sender=farm)
    checks.refused("accepting another's goods", "not offered to you", registry, "accept", 1, sender=stranger)
    checks.refused("ending another's hand-over", "only the two who hand over", registry, "end_hand_over", 1, sender=stranger)
    told = registry.send("end_hand_over", 1, sender=dairy)
    checks.tells("refusing", registry, told, "HandOverEnded", batch=1, by=dairy)
    checks.refused("accepting what one refused", "not offered to you", registry, "accept", 1, sender=dairy)
    checks.refused("ending what is not offered", "offered to nobody", registry, "end_hand_over", 1, sender=farm)
    registry.send("hand_over", 1, dairy, sender=farm)
    told = registry.send("accept", 1, sender=dairy)
    checks.tells("accepting", registry, told, "Accepted", batch=1, holder=dairy)
    checks.check("it has changed hands", registry.read("batch", 1)[1:3] + (registry.read("batch", 1)[5],), (dairy.lower(), NOBODY, 1))
    checks.refused("accepting twice", "not offered to you", registry, "accept", 1, sender=dairy)
    checks.refused("handing over what one gave away", "only the holder", registry, "hand_over", 1, shop, sender=farm)
    checks.refused("noting as who gave it away", "only the holder", registry, "note", 1, CERTIFICATE, "4 degrees", sender=farm)
    told = registry.send("note", 1, CERTIFICATE, "4 degrees", sender=dairy)
    checks.tells("a note", registry, told, "Noted", batch=1, holder=dairy, document=CERTIFICATE, note="4 degrees")
    registry.send("hand_over", 1, shop, sender=dairy)
    checks.refused("recalling as the holder", "only the maker", registry, "recall", 1, "sour", sender=dairy)
    checks.refused("recalling what is not there", unknown, registry, "recall", 9, "sour", sender=farm)
    told = registry.send("recall", 1, "germs were found", sender=farm)
    checks.tells("the recall", registry, told, "Recalled", batch=1, reason="germs were found")
    checks.refused("recalling twice", "already recalled", registry, "recall", 1, "sour", sender=farm)
    checks.refused("accepting recalled goods", "the batch is recalled", registry, "accept", 1, sender=shop)
    registry.send("end_hand_over", 1, sender=dairy)
    checks.refused("handing recalled goods over", "the batch is recalled", registry, "hand_over", 1, shop, sender=dairy)
    checks.refused("using up another's goods", "only the holder", registry, "use_up", 1, sender=shop)
    told = registry.send("use_up", 1, sender=dairy)
    checks.tells("using up", registry, told, "UsedUp", batch=1, holder=dairy)
    checks.refused("using up twice", "the batch is used up", registry, "use_up", 1, sender=dairy)
    checks.refused("noting what is used up", "the batch is used up", registry, "note", 1, CERTIFICATE, "5 degrees", sender=dairy)
    registry.send("make", "milk of Tuesday, litres", 400, sender=farm)
    registry.send("hand_over", 2, dairy, sender=farm)
    registry.send("use_up", 2, sender=farm)
    checks.refused("accepting what was used up meanwhile", "not offered to you", registry, "accept", 2, sender=dairy)

    logs = chain.ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": registry.address,
                                     "topics": [None, "0x" + (1).to_bytes(32, "big").hex()]})
    names = [registry.events({"logs": [log]})[0][0] for log in logs]
    checks.check("the history of a batch is in its events", names,
                 ["Made", "HandedOver", "HandOverEnded", "HandedOver", "Accepted", "Noted", "HandedOver", "Recalled", "HandOverEnded", "UsedUp"])

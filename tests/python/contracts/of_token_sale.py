"""The token sale's promises, and the ways to break them."""

from .chain import NOBODY, Contract, artifact, creation
from .checking import COIN, DAY, encoded

TOKEN = 10**18
SUPPLY, FOR_SALE, CAP, PRICE = 1_000_000 * TOKEN, 1000 * TOKEN, 600 * TOKEN, COIN // 100


def run(checks):
    checks.subject = "token_sale"
    birth(checks)
    selling(checks)
    ending(checks)
    token(checks)
    odd_prices(checks)
    reentrancy(checks)


def begin(checks, price=PRICE, cap=CAP, sender=None):
    chain = checks.chain
    closes = chain.now() + DAY
    arguments = ("Bharathi Token", "BHA", SUPPLY, FOR_SALE, price, cap, closes)
    return chain.deploy(artifact("token_sale"), *arguments, sender=sender or chain.accounts[0]), closes


def birth(checks):
    owner, now, sale = checks.chain.accounts[0], checks.chain.now(), artifact("token_sale")
    for what, reason, arguments in [
        ("selling more than there is", "BadTerms(forSale must be 1 to supply)", (10, 11, 1, 1, now + DAY)),
        ("selling nothing", "BadTerms(forSale must be 1 to supply)", (10, 0, 1, 1, now + DAY)),
        ("a price of nothing", "BadTerms(price must not be 0)", (10, 10, 0, 1, now + DAY)),
        ("a cap of nothing", "BadTerms(capPerBuyer must not be 0)", (10, 10, 1, 0, now + DAY)),
        ("a sale that is over", "BadTerms(closesAt has passed)", (10, 10, 1, 1, now - DAY)),
    ]:
        checks.not_created(what, reason, sale, "T", "T", *arguments, sender=owner)
    made, _ = begin(checks)
    checks.check("name, symbol, decimals and supply", [made.read(name) for name in ["name", "symbol", "decimals", "totalSupply"]],
                 ["Bharathi Token", "BHA", 18, SUPPLY])
    checks.check("what is not for sale is the owner's", made.read("balanceOf", owner), SUPPLY - FOR_SALE)
    checks.check("both parts are told by Transfer from nobody",
                 [event[1]["value"] for event in made.events(made.receipt) if event[1]["from"] == NOBODY], [FOR_SALE, SUPPLY - FOR_SALE])


def selling(checks):
    chain = checks.chain
    owner, ann, ben, carl = chain.accounts[:4]
    sale, closes = begin(checks)
    cost = sale.read("cost", 100 * TOKEN)
    checks.check("the price is the price", cost, COIN)
    checks.refused("buying nothing", "NothingBought()", sale, "buy", 0, sender=ann)
    checks.refused("paying too little", f"WrongPayment({cost - 1}, {cost})", sale, "buy", 100 * TOKEN, sender=ann, value=cost - 1)
    checks.refused("paying too much", f"WrongPayment({cost + 1}, {cost})", sale, "buy", 100 * TOKEN, sender=ann, value=cost + 1)
    checks.refused("buying above the cap", f"OverCap({CAP + 1}, {CAP})", sale, "buy", CAP + 1, sender=ann, value=6 * COIN)
    checks.refused("a number that makes the cost wrap around", f"OverCap({2**255}, {CAP})", sale, "buy", 2**255, sender=ann)
    checks.check("a cost that does not fit is refused", sale.why_not("cost", 2**255, sender=ann), "Panic(0x11)")
    told = sale.send("buy", 100 * TOKEN, sender=ann, value=COIN)
    checks.tells("buying", sale, told, "Bought", buyer=ann, amount=100 * TOKEN, paid=COIN)
    checks.tells("buying", sale, told, "Transfer", to=ann, value=100 * TOKEN)
    checks.check("what was bought is the buyer's", sale.read("balanceOf", ann), 100 * TOKEN)
    checks.refused("buying in parts above the cap", f"OverCap({501 * TOKEN}, {500 * TOKEN})", sale, "buy", 501 * TOKEN, sender=ann, value=5 * COIN)
    sale.send("transfer", ben, 100 * TOKEN, sender=ann)
    checks.refused("making room under the cap by giving tokens away", f"OverCap({501 * TOKEN}, {500 * TOKEN})", sale, "buy", 501 * TOKEN, sender=ann, value=5 * COIN)
    sale.send("buy", 500 * TOKEN, sender=ann, value=5 * COIN)
    checks.refused("buying more than is left", f"NotEnoughLeft({401 * TOKEN}, {400 * TOKEN})", sale, "buy", 401 * TOKEN, sender=ben, value=4 * COIN + COIN // 100)
    sale.send("buy", 400 * TOKEN, sender=ben, value=4 * COIN)
    checks.refused("buying when all is sold", "NotEnoughLeft(1, 0)", sale, "buy", 1, sender=carl, value=1)
    checks.refused("withdrawing as a buyer", f"OnlyOwner({ann.lower()})", sale, "withdraw", sender=ann)
    told = checks.gains("the owner gets all that was paid", owner, 10 * COIN, sale, "withdraw")
    checks.tells("withdrawing", sale, told, "Withdrawn", coins=10 * COIN)
    checks.refused("withdrawing twice", "NothingToWithdraw()", sale, "withdraw", sender=owner)
    checks.check("all balances together are the supply",
                 sum(sale.read("balanceOf", who) for who in [owner, ann, ben, carl, sale]), SUPPLY)
    checks.check("a plain payment, by mistake, is refused", chain.transact(sale, "0x", ann, COIN)["status"], "0x0")


def ending(checks):
    chain = checks.chain
    owner, ann, ben = chain.accounts[:3]
    sale, closes = begin(checks)
    sale.send("buy", 100 * TOKEN, sender=ann, value=COIN)
    checks.refused("ending the sale as a buyer", f"SaleStillOpen({closes})", sale, "end", sender=ann)
    chain.next_block_at(closes)
    checks.check("buying in the last moment's block is too late", sale.tried("buy", TOKEN, sender=ann, value=COIN // 100), False)
    checks.refused("buying too late", f"SaleIsOver({closes})", sale, "buy", TOKEN, sender=ann, value=COIN // 100)
    checks.check("nothing is left for sale when it is over", sale.read("left"), 0)
    told = sale.send("end", sender=ben)  # by anybody now
    checks.tells("the end", sale, told, "Ended", sold=100 * TOKEN, unsold=900 * TOKEN)
    checks.check("what was not sold is the owner's", sale.read("balanceOf", owner), SUPPLY - 100 * TOKEN)
    checks.refused("ending twice", "AlreadyEnded()", sale, "end", sender=owner)
    checks.gains("the owner is paid after the end, too", owner, COIN, sale, "withdraw")
    sale, closes = begin(checks)
    sale.send("end", sender=owner)
    checks.refused("buying after an early end", f"SaleIsOver({closes})", sale, "buy", TOKEN, sender=ann, value=COIN // 100)


def token(checks):
    owner, ann, ben, carl = checks.chain.accounts[:4]
    sale, _ = begin(checks)
    sale.send("buy", 100 * TOKEN, sender=ann, value=COIN)
    short = lambda who, has, wants: f"ERC20InsufficientBalance({who.lower()}, {has}, {wants})"
    checks.refused("sending more than one has", short(ann, 100 * TOKEN, 100 * TOKEN + 1), sale, "transfer", ben, 100 * TOKEN + 1, sender=ann)
    checks.refused("sending all there could ever be", short(ann, 100 * TOKEN, 2**256 - 1), sale, "transfer", ben, 2**256 - 1, sender=ann)
    checks.refused("sending to nobody", f"ERC20InvalidReceiver({NOBODY})", sale, "transfer", NOBODY, 1, sender=ann)
    checks.refused("sending to the token itself", f"ERC20InvalidReceiver({sale.address.lower()})", sale, "transfer", sale, 1, sender=ann)
    sale.send("transfer", ann, 60 * TOKEN, sender=ann)
    checks.check("sending to oneself makes nothing", sale.read("balanceOf", ann), 100 * TOKEN)
    told = sale.send("transfer", ben, 40 * TOKEN, sender=ann)
    checks.tells("sending", sale, told, "Transfer", **{"from": ann, "to": ben, "value": 40 * TOKEN})
    none = f"ERC20InsufficientAllowance({carl.lower()}, 0, 1)"
    checks.refused("taking without leave", none, sale, "transferFrom", ann, carl, 1, sender=carl)
    checks.refused("the owner taking from a buyer", f"ERC20InsufficientAllowance({owner.lower()}, 0, 1)", sale, "transferFrom", ann, owner, 1, sender=owner)
    checks.refused("allowing nobody", f"ERC20InvalidSpender({NOBODY})", sale, "approve", NOBODY, 1, sender=ann)
    told = sale.send("approve", carl, 10 * TOKEN, sender=ann)
    checks.tells("allowing", sale, told, "Approval", owner=ann, spender=carl, value=10 * TOKEN)
    sale.send("transferFrom", ann, ben, 4 * TOKEN, sender=carl)
    checks.check("an allowance is used up", sale.read("allowance", ann, carl), 6 * TOKEN)
    over = f"ERC20InsufficientAllowance({carl.lower()}, {6 * TOKEN}, {6 * TOKEN + 1})"
    checks.refused("taking more than allowed", over, sale, "transferFrom", ann, ben, 6 * TOKEN + 1, sender=carl)
    sale.send("approve", carl, 2**256 - 1, sender=ann)
    checks.refused("taking more than there is", short(ann, 56 * TOKEN, 57 * TOKEN), sale, "transferFrom", ann, ben, 57 * TOKEN, sender=carl)
    sale.send("transferFrom", ann, ben, 56 * TOKEN, sender=carl)
    checks.check("leave without limit stays so", sale.read("allowance", ann, carl), 2**256 - 1)
    checks.check("the holder keeps the rest", (sale.read("balanceOf", ann), sale.read("balanceOf", ben)), (0, 100 * TOKEN))


def odd_prices(checks):
    ann = checks.chain.accounts[1]
    sale, _ = begin(checks, price=3)
    checks.check("what costs less than a unit costs a unit", sale.read("cost", 1), 1)
    checks.refused("buying a little for nothing", "WrongPayment(0, 1)", sale, "buy", 1, sender=ann)
    checks.check("a whole token costs its price", (sale.read("cost", TOKEN), sale.read("cost", TOKEN + 1)), (3, 4))


def reentrancy(checks):
    chain = checks.chain
    ann = chain.accounts[1]
    thief = checks.puppet()
    sale, _ = begin(checks)
    sale.send("buy", 100 * TOKEN, sender=ann, value=COIN)
    checks.puppet_refused("a contract that is not the owner gets nothing", f"OnlyOwner({thief.address.lower()})", thief, sale, "withdraw")

    code = creation(artifact("token_sale"), "Bharathi Token", "BHA", SUPPLY, FOR_SALE, PRICE, CAP, chain.now() + DAY)
    made = thief.read("create", code, sender=ann)
    thief.send("create", code, sender=ann)
    sale = Contract(chain, artifact("token_sale"), made)
    checks.check("a contract can be the owner", sale.read("owner"), thief.address.lower())
    sale.send("buy", 100 * TOKEN, sender=ann, value=COIN)
    thief.send("call_back_when_paid", sale, encoded(sale, "withdraw"), sender=ann)
    checks.make_act(thief, sale, "withdraw")
    checks.check("an owner who withdraws again while being paid gets nothing more",
                 (thief.read("attempts"), thief.read("successes"), chain.coins(thief), chain.coins(sale)), (1, 0, COIN, 0))
    sale.send("buy", 100 * TOKEN, sender=ann, value=COIN)
    thief.send("call_back_when_paid", sale, encoded(sale, "end"), sender=ann)
    checks.make_act(thief, sale, "withdraw")
    checks.check("an owner may end the sale while being paid, and has the unsold tokens once",
                 (thief.read("successes"), sale.read("balanceOf", thief)), (1, SUPPLY - 200 * TOKEN))

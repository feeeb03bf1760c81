// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title A token, and its sale
///
/// The contract keeps two things: a list of who has how many tokens, as ERC-20 describes it so that every wallet understands
/// it, and a sale of them for the network's own coins.
///
/// What it promises
///   to buyers:  The number of tokens never changes; nobody can make more, not even the owner. The price never changes, nor
///               does the most that one account may buy. What was bought is the buyer's at once, and no one can take it away.
///   to holders: Tokens move only by their holder, or by somebody whom the holder has allowed an amount.
///   to the owner: What buyers paid is there to be withdrawn. Unsold tokens are the owner's once the sale has ended.
///   to nobody:  That a token is worth its price. And a cap for each account stops nobody from having many accounts.
contract TokenSale {
    // -- the token ------------------------------------------------------------

    string public name;
    string public symbol;
    // Wallets show 10^18 units as 1 token, as they do with coins. The contract itself counts in units.
    uint8 public constant decimals = 18;
    uint256 public immutable totalSupply;
    mapping(address holder => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;

    // Programs outside find these in the chain's log; ERC-20 prescribes the two.
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    // An error names what was wrong, with both sides of the comparison. ERC-6093 prescribes the ones called ERC20…
    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
    error ERC20InvalidReceiver(address receiver);
    error ERC20InvalidSpender(address spender);

    // -- the sale -------------------------------------------------------------

    address public immutable owner;
    // `immutable` values are written into the contract's code at creation: nobody can change them.
    uint256 public immutable price; // units of the coin for one whole token
    uint256 public immutable capPerBuyer; // units of the token
    uint256 public immutable closesAt; // seconds since 1970
    uint256 public sold; // units of the token
    bool public ended;
    mapping(address buyer => uint256) public bought;

    event Bought(address indexed buyer, uint256 amount, uint256 paid);
    event Ended(uint256 sold, uint256 unsold);
    event Withdrawn(uint256 coins);

    error BadTerms(string why);
    error OnlyOwner(address caller);
    error SaleIsOver(uint256 closedAt);
    error SaleStillOpen(uint256 closesAt);
    error AlreadyEnded();
    error NothingBought();
    error WrongPayment(uint256 sent, uint256 cost);
    error OverCap(uint256 wanted, uint256 stillAllowed);
    error NotEnoughLeft(uint256 wanted, uint256 left);
    error NothingToWithdraw();
    error NotPaid();

    /// @param supply Units of the token that there will ever be
    /// @param forSale Units of them that this contract sells; the owner has the others
    /// @param price_ Units of the coin for one whole token
    /// @param capPerBuyer_ Units of the token that one account may buy
    /// @param closesAt_ When the sale ends, in seconds since 1970
    constructor(
        string memory name_,
        string memory symbol_,
        uint256 supply,
        uint256 forSale,
        uint256 price_,
        uint256 capPerBuyer_,
        uint256 closesAt_
    ) {
        if (forSale == 0 || forSale > supply) revert BadTerms("forSale must be 1 to supply");
        if (price_ == 0) revert BadTerms("price must not be 0");
        if (capPerBuyer_ == 0) revert BadTerms("capPerBuyer must not be 0");
        if (closesAt_ <= block.timestamp) revert BadTerms("closesAt has passed");
        name = name_;
        symbol = symbol_;
        owner = msg.sender;
        totalSupply = supply;
        price = price_;
        capPerBuyer = capPerBuyer_;
        closesAt = closesAt_;
        // What is for sale belongs to the contract until somebody buys it.
        balanceOf[address(this)] = forSale;
        emit Transfer(address(0), address(this), forSale);
        balanceOf[msg.sender] = supply - forSale;
        emit Transfer(address(0), msg.sender, supply - forSale);
    }

    /// @notice Units of the coin that `amount` units of the token cost
    function cost(uint256 amount) public view returns (uint256) {
        // Rounded up: rounded down, one could buy many times so little that it costs nothing.
        return (amount * price + 10 ** decimals - 1) / 10 ** decimals;
    }

    /// @notice Units of the token that are still for sale
    function left() public view returns (uint256) {
        return ended || block.timestamp >= closesAt ? 0 : balanceOf[address(this)];
    }

    /// @notice Buys `amount` units for exactly what they cost, sent along.
    function buy(uint256 amount) external payable {
        if (ended || block.timestamp >= closesAt) revert SaleIsOver(closesAt);
        if (amount == 0) revert NothingBought();
        uint256 allowed = capPerBuyer - bought[msg.sender];
        if (amount > allowed) revert OverCap(amount, allowed);
        if (amount > balanceOf[address(this)]) revert NotEnoughLeft(amount, balanceOf[address(this)]);
        if (msg.value != cost(amount)) revert WrongPayment(msg.value, cost(amount));
        bought[msg.sender] += amount;
        sold += amount;
        move(address(this), msg.sender, amount);
        emit Bought(msg.sender, amount, msg.value);
    }

    /// @notice Ends the sale, for good: by the owner at any time, by anybody once its time is over.
    function end() external {
        if (ended) revert AlreadyEnded();
        if (msg.sender != owner && block.timestamp < closesAt) revert SaleStillOpen(closesAt);
        ended = true;
        uint256 unsold = balanceOf[address(this)];
        move(address(this), owner, unsold);
        emit Ended(sold, unsold);
    }

    /// @notice Pays the owner what buyers have paid so far.
    function withdraw() external {
        if (msg.sender != owner) revert OnlyOwner(msg.sender);
        uint256 coins = address(this).balance;
        if (coins == 0) revert NothingToWithdraw();
        emit Withdrawn(coins);
        // The balance is gone before the owner's code runs, if it has any: calling again from there finds nothing.
        (bool paid,) = owner.call{value: coins}("");
        if (!paid) revert NotPaid();
    }

    // -- what ERC-20 asks for -------------------------------------------------

    function transfer(address to, uint256 amount) external returns (bool) {
        checkReceiver(to);
        move(msg.sender, to, amount);
        return true;
    }

    /// @notice Allows `spender` to move `amount` of one's tokens. This replaces what was allowed before. To go from one amount
    /// to another, allow 0 in between: otherwise a quick spender could use both.
    function approve(address spender, uint256 amount) external returns (bool) {
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        checkReceiver(to);
        uint256 allowed = allowance[from][msg.sender];
        if (amount > allowed) revert ERC20InsufficientAllowance(msg.sender, allowed, amount);
        // The largest number means "without limit", as with other tokens.
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - amount;
        move(from, to, amount);
        return true;
    }

    function checkReceiver(address to) private view {
        // Tokens sent to either would be lost: nobody has the key of 0, and this contract sells only its own.
        if (to == address(0) || to == address(this)) revert ERC20InvalidReceiver(to);
    }

    function move(address from, address to, uint256 amount) private {
        uint256 has = balanceOf[from];
        if (amount > has) revert ERC20InsufficientBalance(from, has, amount);
        balanceOf[from] = has - amount;
        // Solidity since 0.8 reverts where a sum does not fit. Here it always fits: all balances together are the supply.
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }
}

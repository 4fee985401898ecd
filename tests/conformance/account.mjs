// Three views of one account that must agree to 1e-8: what a client makes of it, what the REST lists say, and
// the exchange's own account, read out without any of the venue's rows.
import assert from 'node:assert/strict';

const near = (left, right, what) =>
  assert.ok(Math.abs(Number(left) - Number(right)) <= 1e-8, `${what}: ${left} and ${right} differ`);

/** Balances, positions and realised PnL of a ccxt client against the exchange's own. */
export async function assert_same_account(exchange, client) {
  // Mark prices move between two questions: what depends on them is compared only where it did not.
  const own = await exchange.own_account();
  const balance = await client.fetchBalance();
  near(balance.USDT.total, own.wallet_balance, 'wallet balance');
  const positions = (await client.fetchPositions()).filter((row) => row.contracts > 0);
  const held = own.positions.filter((row) => Number(row.size) !== 0);
  assert.equal(positions.length, held.length, 'number of positions');
  for (const mine of held) {
    const theirs = positions.find((row) =>
      row.info.symbol === mine.symbol && Number(row.info.positionIdx) === mine.position_index);
    assert.ok(theirs, `${mine.symbol} ${mine.position_index} is missing`);
    near(theirs.contracts, Math.abs(Number(mine.size)), `${mine.symbol} size`);
    near(theirs.entryPrice, mine.entry_price, `${mine.symbol} entry price`);
    near(theirs.info.curRealisedPnl, mine.realised_pnl, `${mine.symbol} realised PnL`);
    near(theirs.info.cumRealisedPnl, mine.realised_pnl_ever, `${mine.symbol} realised PnL ever`);
  }
  return own;
}

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

/** The same of a bybit-api REST client. */
export async function assert_same_rows(exchange, client) {
  const own = await exchange.own_account();
  const wallet = (await client.getWalletBalance({ accountType: 'UNIFIED' })).result.list[0];
  near(wallet.coin.find((row) => row.coin === 'USDT').walletBalance, own.wallet_balance, 'wallet balance');
  near(wallet.coin.find((row) => row.coin === 'USDT').cumRealisedPnl, own.realised_pnl_ever, 'realised PnL ever');
  const { list } = (await client.getPositionInfo({ category: 'linear', settleCoin: 'USDT' })).result;
  assert.equal(list.length, own.positions.length, 'number of positions');
  for (const mine of own.positions) {
    const theirs = list.find((row) => row.symbol === mine.symbol && row.positionIdx === mine.position_index);
    assert.ok(theirs, `${mine.symbol} ${mine.position_index} is missing`);
    near((theirs.side === 'Buy' ? 1 : -1) * theirs.size, mine.size, `${mine.symbol} size`);
    near(theirs.avgPrice, mine.entry_price, `${mine.symbol} entry price`);
    near(theirs.curRealisedPnl, mine.realised_pnl, `${mine.symbol} realised PnL`);
    near(theirs.cumRealisedPnl, mine.realised_pnl_ever, `${mine.symbol} realised PnL ever`);
  }
  return own;
}

// bybit-api over REST: the whole round of a trading program, with its answers checked one by one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assert_same_rows } from './account.mjs';
import { bybit_api_rest } from './clients.mjs';
import { Exchange, until } from './exchange.mjs';

const linear = { category: 'linear', symbol: 'BTCUSDT' };
let exchange, client, bid, ask;

before(async () => {
  exchange = await Exchange.start('--seed', '21', '--no-limits');
  client = bybit_api_rest(exchange);
  const { result } = await client.getOrderbook({ ...linear, limit: 1 });
  [bid, ask] = [Number(result.b[0][0]), Number(result.a[0][0])];
});
after(() => exchange.stop());

const price = (factor) => (Math.round(bid * factor * 10) / 10).toFixed(1);
/** The result of a call that must be accepted. */
const good = async (call) => {
  const answer = await call;
  assert.equal(answer.retCode, 0, `${answer.retCode} ${answer.retMsg}`);
  return answer.result;
};
const code = async (call) => (await call).retCode;
const order = async (id) => (await good(client.getActiveOrders({ ...linear, orderId: id }))).list[0];

test('market data', async () => {
  assert.ok(Number((await good(client.getServerTime())).timeSecond) > 0);
  const instruments = await good(client.getInstrumentsInfo({ category: 'linear' }));
  assert.ok(instruments.list.some((row) => row.symbol === 'BTCUSDT'));
  const pages = await good(client.getInstrumentsInfo({ category: 'linear', limit: 1 }));
  assert.equal(pages.list.length, 1);
  const next = await good(client.getInstrumentsInfo({ category: 'linear', limit: 1, cursor: pages.nextPageCursor }));
  assert.notEqual(next.list[0].symbol, pages.list[0].symbol);
  assert.equal((await good(client.getKline({ ...linear, interval: '1', limit: 5 }))).list.length, 5);
  for (const kline of [client.getMarkPriceKline, client.getIndexPriceKline, client.getPremiumIndexPriceKline])
    assert.equal((await good(kline.call(client, { ...linear, interval: '1', limit: 3 }))).list[0].length, 5);
  assert.ok((await good(client.getTickers(linear))).list[0].markPrice > 0);
  assert.ok((await good(client.getPublicTradingHistory(linear))).list.length > 0);
  assert.ok(Array.isArray((await good(client.getFundingRateHistory(linear))).list));
  assert.ok(Array.isArray((await good(client.getOpenInterest({ ...linear, intervalTime: '5min' }))).list));
  const tiers = (await good(client.getRiskLimit(linear))).list;
  assert.ok(tiers.length >= 2 && tiers[0].isLowestRisk === 1);
  const limits = await good(client.getOrderPriceLimit(linear));
  assert.ok(Number(limits.sellLmt) < bid && bid < Number(limits.buyLmt));
  assert.ok(Array.isArray((await good(client.getInsurance({ coin: 'USDT' }))).list));
  assert.ok(Array.isArray((await good(client.getADLAlert({ symbol: 'BTCUSDT' }))).list));
});

test('account data', async () => {
  const account = await good(client.getAccountInfo());
  assert.equal(account.marginMode, 'REGULAR_MARGIN');
  assert.ok([5, 6].includes(account.unifiedMarginStatus));
  const wallet = (await good(client.getWalletBalance({ accountType: 'UNIFIED' }))).list[0];
  assert.equal(wallet.accountType, 'UNIFIED');
  assert.ok(Number(wallet.coin[0].walletBalance) > 0);
  const key = await good(client.getQueryApiKey());
  assert.equal(key.readOnly, 0);
  assert.ok(key.permissions.ContractTrade.includes('Order'));
  assert.ok(!(key.permissions.Wallet ?? []).includes('Withdraw'));
  assert.equal((await good(client.getFeeRate(linear))).list[0].symbol, 'BTCUSDT');
  assert.ok((await good(client.getSMPGroup())).smpGroup !== undefined);
  assert.ok(Array.isArray((await good(client.getDCPInfo())).dcpInfos));
  assert.ok((await good(client.getTransactionLog({ accountType: 'UNIFIED' }))).list);
});

test('an order from birth to death, by either id', async () => {
  const { orderId } = await good(client.submitOrder({ ...linear, side: 'Buy', orderType: 'Limit', qty: '0.02',
    price: price(0.99), timeInForce: 'PostOnly', orderLinkId: 'born-here' }));
  await until('the order', async () => (await order(orderId))?.orderStatus === 'New');
  await good(client.amendOrder({ ...linear, orderLinkId: 'born-here', qty: '0.03' }));
  assert.equal((await order(orderId)).qty, '0.03');
  assert.equal(await code(client.amendOrder({ ...linear, orderId, qty: '0.03' })), 10001);
  await good(client.cancelOrder({ ...linear, orderLinkId: 'born-here' }));
  const ended = await until('the end', async () => {
    const row = await order(orderId);
    return row?.orderStatus === 'Cancelled' && row;
  });
  assert.equal(ended.cancelType, 'CancelByUser');
  assert.equal(ended.rejectReason, 'EC_PerCancelRequest');
  assert.equal(ended.leavesQty, '0');
  assert.equal(await code(client.cancelOrder({ ...linear, orderId })), 110001);
});

test('batches answer item by item', async () => {
  const made = await client.batchSubmitOrders('linear', [
    { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.98), orderLinkId: 'batch-1' },
    { symbol: 'NOPEUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.98) },
    { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.97), orderLinkId: 'batch-1' },
  ]);
  assert.equal(made.retCode, 0);
  assert.deepEqual(made.retExtInfo.list.map((row) => row.code), [0, 10001, 110072]);
  assert.equal(made.result.list[0].orderLinkId, 'batch-1');
  assert.equal(made.result.list[1].orderId, '');
  const id = made.result.list[0].orderId;
  const amended = await client.batchAmendOrders('linear', [
    { symbol: 'BTCUSDT', orderId: id, qty: '0.02' }, { symbol: 'BTCUSDT', orderId: 'unknown', qty: '0.02' }]);
  assert.deepEqual(amended.retExtInfo.list.map((row) => row.code), [0, 110001]);
  const cancelled = await client.batchCancelOrders('linear', [
    { symbol: 'BTCUSDT', orderId: id }, { symbol: 'BTCUSDT', orderId: id }]);
  assert.deepEqual(cancelled.retExtInfo.list.map((row) => row.code), [0, 110001]);
});

test('cancel-all takes what its scope names', async () => {
  for (let i = 0; i < 3; ++i)
    await good(client.submitOrder({ ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.98 - i / 100) }));
  await good(client.submitOrder({ ...linear, side: 'Buy', orderType: 'Market', qty: '0.01', triggerPrice: price(1.03),
    triggerDirection: 1 }));
  assert.equal(await code(client.cancelAllOrders({ category: 'linear' })), 10001);
  const taken = await good(client.cancelAllOrders({ ...linear, orderFilter: 'Order' }));
  assert.equal(taken.list.length, 3);
  const stops = await good(client.cancelAllOrders({ category: 'linear', settleCoin: 'USDT' }));
  assert.equal(stops.list.length, 1);
});

test('lists are paged without loss or repeat', async () => {
  const made = new Set();
  for (let i = 0; i < 25; ++i) {
    const { orderId } = await good(client.submitOrder({ ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01',
      price: price(0.97 - i / 1000) }));
    made.add(orderId);
  }
  const listed = [];
  let cursor;
  do {
    const page = await good(client.getActiveOrders({ ...linear, limit: 10, ...(cursor && { cursor }) }));
    listed.push(...page.list.map((row) => row.orderId));
    cursor = page.list.length === 10 ? page.nextPageCursor : '';
  } while (cursor);
  assert.equal(listed.length, 25);
  assert.deepEqual(new Set(listed), made);
  await good(client.cancelAllOrders(linear));
});

test('position settings answer "unchanged" by their codes', async () => {
  await client.setLeverage({ ...linear, buyLeverage: '7', sellLeverage: '7' });
  assert.equal(await code(client.setLeverage({ ...linear, buyLeverage: '7', sellLeverage: '7' })), 110043);
  assert.equal(await code(client.setLeverage({ ...linear, buyLeverage: '7', sellLeverage: '8' })), 10001);
  assert.equal(await code(client.switchPositionMode({ ...linear, mode: 0 })), 110025);
  assert.equal(await code(client.setTradingStop({ ...linear, tpslMode: 'Full', positionIdx: 0, stopLoss: price(0.9) })), 10001);
  assert.equal(await code(client.setAutoAddMargin({ ...linear, autoAddMargin: 1 })), 110076);
  const [flat] = (await good(client.getPositionInfo(linear))).list;
  assert.equal(flat.size, '0');
  assert.equal(flat.side, '');
  assert.equal(flat.leverage, '7');
});

test('a round trip is in every list, with the same money', async () => {
  const start = Number((await good(client.getWalletBalance({ accountType: 'UNIFIED' }))).list[0].coin[0].walletBalance);
  await good(client.submitOrder({ ...linear, side: 'Buy', orderType: 'Market', qty: '0.03' }));
  await until('the position', async () => (await good(client.getPositionInfo(linear))).list[0].size === '0.03');
  await assert_same_rows(exchange, client);
  await good(client.submitOrder({ ...linear, side: 'Sell', orderType: 'Market', qty: '0.03', reduceOnly: true }));
  await until('the round trip', async () => (await good(client.getPositionInfo(linear))).list[0].size === '0'
    && (await good(client.getClosedPnL(linear))).list.length > 0);
  const end = Number((await good(client.getWalletBalance({ accountType: 'UNIFIED' }))).list[0].coin[0].walletBalance);
  const fills = (await good(client.getExecutionList(linear))).list;
  const sum = (rows, of) => rows.reduce((total, row) => total + Number(of(row)), 0);
  assert.ok(Math.abs(sum(fills, (row) => row.execQty) - 0.06) < 1e-9);
  const closed = (await good(client.getClosedPnL(linear))).list;
  assert.ok(Math.abs(sum(closed, (row) => row.closedPnl) - (end - start)) < 1e-8, 'closed PnL is net of both fees');
  const log = (await good(client.getTransactionLog({ accountType: 'UNIFIED', category: 'linear' }))).list;
  assert.ok(Math.abs(sum(log, (row) => row.change) - (end - start)) < 1e-8, 'the ledger adds up');
  for (const row of log)
    assert.ok(Math.abs(Number(row.change) - (Number(row.cashFlow) + Number(row.funding) - Number(row.fee))) < 1e-8);
  await assert_same_rows(exchange, client);
  assert.equal((await good(client.getHistoricOrders(linear))).list.filter((row) => row.orderStatus === 'Filled').length, 2);
});

test('quotas count down in the headers and end in 10006', async (t) => {
  const limited = await Exchange.start('--seed', '23');
  t.after(() => limited.stop());
  const answers = [];
  for (let i = 0; i < 15; ++i) {
    const { body, headers } = await limited.ask('POST', '/v5/order/cancel', { ...linear, orderId: `none-${i}` });
    answers.push({ code: body.retCode, limit: headers.get('x-bapi-limit'), left: Number(headers.get('x-bapi-limit-status')) });
  }
  assert.ok(answers.every(({ code, limit }) => limit === '10' && [110001, 10006].includes(code)), JSON.stringify(answers));
  assert.deepEqual(answers.slice(0, 5).map(({ left }) => left), [9, 8, 7, 6, 5]);
  assert.ok(answers.some(({ code }) => code === 10006));
});

// ccxt trades: orders of all kinds over REST and the trade socket, positions, money, and each error by its code.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ccxt, ccxt_client } from './clients.mjs';
import { assert_same_account } from './account.mjs';
import { Exchange, until } from './exchange.mjs';

const symbol = 'BTC/USDT:USDT';
let exchange, client, bid, ask;

before(async () => {
  exchange = await Exchange.start('--seed', '12', '--no-limits');
  client = await ccxt_client(exchange);
  await client.loadMarkets();
});
after(async () => {
  await client.close();
  await exchange.stop();
});

async function quote() {
  const { bids, asks } = await client.fetchOrderBook(symbol, 1);
  [bid, ask] = [bids[0][0], asks[0][0]];
}
const below = (percent) => client.priceToPrecision(symbol, bid * (1 - percent / 100));
const above = (percent) => client.priceToPrecision(symbol, ask * (1 + percent / 100));
const flatten = async () => {
  await client.cancelAllOrders(symbol);
  await until('a flat position', async () => {
    const open = (await client.fetchPositions([symbol])).filter((position) => position.contracts > 0);
    for (const { side, contracts, info } of open)
      await client.createOrder(symbol, 'market', side === 'long' ? 'sell' : 'buy', contracts, undefined,
        { reduceOnly: true, positionIdx: Number(info.positionIdx) });
    return open.length === 0;
  }, { every_ms: 100 });
};

test('a limit order lives, is amended and cancelled', async () => {
  await quote();
  const { id } = await client.createOrder(symbol, 'limit', 'buy', 0.02, below(0.5), { clientOrderId: 'a-limit-order' });
  const open = await client.fetchOpenOrder(id, symbol);
  assert.equal(open.status, 'open');
  assert.equal(open.clientOrderId, 'a-limit-order');
  assert.equal(open.amount, 0.02);
  await client.editOrder(id, symbol, 'limit', 'buy', 0.03, below(0.4));
  const amended = await until('the amendment', async () => {
    const row = await client.fetchOpenOrder(id, symbol);
    return row.amount === 0.03 && row;
  });
  assert.equal(amended.price, Number(below(0.4)));
  assert.equal((await client.fetchOpenOrders(symbol)).length, 1);
  await client.cancelOrder(id, symbol);
  const closed = await until('the cancellation', async () => {
    const row = await client.fetchClosedOrder(id, symbol).catch(() => client.fetchCanceledOrders(symbol).then((rows) => rows.find((one) => one.id === id)));
    return row;
  });
  assert.equal(closed.status, 'canceled');
  assert.equal((await client.fetchOpenOrders(symbol)).length, 0);
});

test('the same over the trade socket', async () => {
  await quote();
  const { id } = await client.createOrderWs(symbol, 'limit', 'buy', 0.02, below(0.5), { timeInForce: 'PO' });
  await client.editOrderWs(id, symbol, 'limit', 'buy', 0.04, below(0.6));
  await until('the amendment', async () => (await client.fetchOpenOrder(id, symbol)).amount === 0.04);
  await client.cancelOrderWs(id, symbol);
  await until('the cancellation', async () => (await client.fetchOpenOrders(symbol)).length === 0);
});

test('batches, with partial failure', async () => {
  await quote();
  const made = await client.createOrders([
    { symbol, type: 'limit', side: 'buy', amount: 0.01, price: Number(below(1)) },
    { symbol, type: 'limit', side: 'buy', amount: 0.01, price: Number(below(1.1)) },
    { symbol, type: 'limit', side: 'sell', amount: 0.01, price: Number(above(1)) },
  ]);
  assert.equal(made.length, 3);
  await until('three open orders', async () => (await client.fetchOpenOrders(symbol)).length === 3);
  await client.cancelOrders(made.slice(0, 2).map((order) => order.id), symbol);
  await until('one open order', async () => (await client.fetchOpenOrders(symbol)).length === 1);
  const mixed = await client.privatePostV5OrderCreateBatch({ category: 'linear', request: [
    { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: below(1) },
    { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.0000001', price: below(1) },
  ] }).catch((error) => error);
  // ccxt throws at the first bad item of a batch; what was good in it stands all the same.
  assert.match(String(mixed.message ?? JSON.stringify(mixed)), /10001/);
  await until('the good one of the batch', async () => (await client.fetchOpenOrders(symbol)).length === 2);
  await client.cancelAllOrders(symbol);
  await until('no order', async () => (await client.fetchOpenOrders(symbol)).length === 0);
});

test('a market order: fills, position, fees, balance', async () => {
  await client.setLeverage(5, symbol).catch((error) => assert.match(error.message, /110043/));
  const before_balance = (await client.fetchBalance()).USDT.total;
  const { id } = await client.createOrder(symbol, 'market', 'buy', 0.05);
  const order = await until('the fill', async () => {
    const row = await client.fetchClosedOrder(id, symbol).catch(() => undefined);
    return row?.status === 'closed' && row;
  });
  assert.equal(order.filled, 0.05);
  const trades = await client.fetchOrderTrades(id, symbol);
  assert.ok(Math.abs(trades.reduce((sum, trade) => sum + trade.amount, 0) - 0.05) < 1e-12);
  const fees = trades.reduce((sum, trade) => sum + trade.fee.cost, 0);
  const [position] = await client.fetchPositions([symbol]);
  assert.equal(position.side, 'long');
  assert.equal(position.contracts, 0.05);
  assert.equal(position.leverage, 5);
  const balance = await client.fetchBalance();
  assert.ok(Math.abs(balance.USDT.total - (before_balance - fees)) < 1e-6, 'a fill costs its fees and nothing else');
  await assert_same_account(exchange, client);
  await flatten();
});

test('post-only, IOC and FOK end as the venue says', async () => {
  await quote();
  const outcome = async (type, side, amount, price, params) => {
    const { id } = await client.createOrder(symbol, type, side, amount, price, params);
    return until(`the end of ${JSON.stringify(params)}`, async () => {
      const { result } = await client.privateGetV5OrderRealtime({ category: 'linear', orderId: id });
      const row = result.list[0];
      return row && ['Cancelled', 'Filled', 'Rejected'].includes(row.orderStatus) && row;
    });
  };
  const crossing = await outcome('limit', 'buy', 0.01, above(0.5), { postOnly: true });
  assert.equal(crossing.orderStatus, 'Cancelled');
  assert.equal(crossing.rejectReason, 'EC_PostOnlyWillTakeLiquidity');
  const passive = await outcome('limit', 'buy', 0.01, below(0.5), { timeInForce: 'IOC' });
  assert.equal(passive.orderStatus, 'Cancelled');
  assert.equal(passive.rejectReason, 'EC_NoImmediateQtyToFill');
  const too_large = await outcome('limit', 'buy', 100, above(0.01), { timeInForce: 'FOK' })
    .catch((error) => ({ refused: error.message }));
  assert.ok(too_large.refused?.includes('11000') || (too_large.orderStatus === 'Cancelled' && too_large.cumExecQty === '0'),
    JSON.stringify(too_large));
  await flatten();
});

test('conditional orders wait, are seen, amended and cancelled', async () => {
  await quote();
  const { id } = await client.createOrder(symbol, 'market', 'buy', 0.01, undefined,
    { triggerPrice: Number(above(3)), triggerDirection: 'ascending' });
  const waiting = await until('the conditional order', async () =>
    (await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true })).find((order) => order.id === id));
  assert.equal(waiting.triggerPrice, Number(above(3)));
  assert.equal(waiting.info.orderStatus, 'Untriggered');
  await client.editOrder(id, symbol, 'market', 'buy', 0.01, undefined, { triggerPrice: Number(above(4)) });
  await until('the moved trigger', async () =>
    Number((await client.privateGetV5OrderRealtime({ category: 'linear', orderId: id })).result.list[0].triggerPrice) === Number(above(4)));
  await client.cancelOrder(id, symbol, { trigger: true });
  await until('its end', async () =>
    (await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true })).length === 0);
  // Over the present price a falling trigger would go off at once.
  await assert.rejects(client.createOrder(symbol, 'market', 'buy', 0.01, undefined,
    { triggerPrice: Number(above(3)), triggerDirection: 'descending' }), /110093/);
  await assert.rejects(client.createOrder(symbol, 'market', 'buy', 0.01, undefined,
    { triggerPrice: Number(below(3)), triggerDirection: 'ascending' }), /110092/);
});

test('a conditional order goes off by itself', async () => {
  await quote();
  const tick = client.market(symbol).precision.price;
  // One above and one below the price: wherever it goes, one of them is reached.
  const waiting = [];
  for (const [trigger, triggerDirection] of [[ask + 3 * tick, 'ascending'], [bid - 3 * tick, 'descending']])
    await client.createOrder(symbol, 'market', 'buy', 0.01, undefined,
      { triggerPrice: Number(client.priceToPrecision(symbol, trigger)), triggerDirection })
      .then(({ id }) => waiting.push(id))
      .catch((error) => assert.match(error.message, /11009[23]/)); // the price was quicker
  await until('a trigger', async () => {
    const rows = await Promise.all(waiting.map(async (orderId) =>
      (await client.privateGetV5OrderRealtime({ category: 'linear', orderId })).result.list[0]));
    return rows.length < 2 || rows.some((row) => row.orderStatus === 'Filled');
  }, { patience_ms: 120_000, every_ms: 250 });
  await client.cancelAllOrders(symbol, { trigger: true });
  await flatten();
});

test('take profit and stop loss: attached, moved, removed, trailing', async () => {
  await quote();
  await client.createOrder(symbol, 'market', 'buy', 0.05, undefined,
    { takeProfit: { triggerPrice: Number(above(2)) }, stopLoss: { triggerPrice: Number(below(2)) } });
  const held = await until('both legs', async () => {
    const [position] = await client.fetchPositions([symbol]);
    return position?.stopLossPrice && position.takeProfitPrice && position;
  });
  assert.equal(held.stopLossPrice, Number(below(2)));
  assert.equal(held.takeProfitPrice, Number(above(2)));
  const legs = await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true });
  assert.deepEqual(legs.map((order) => order.info.stopOrderType).sort(), ['StopLoss', 'TakeProfit']);
  const stop = { category: 'linear', symbol: 'BTCUSDT', tpslMode: 'Full', positionIdx: 0 };
  await client.privatePostV5PositionTradingStop({ ...stop, stopLoss: below(1.5) });
  await until('the moved stop', async () => (await client.fetchPositions([symbol]))[0].stopLossPrice === Number(below(1.5)));
  await assert.rejects(client.privatePostV5PositionTradingStop({ ...stop, stopLoss: below(1.5) }), /34040/);
  await assert.rejects(client.privatePostV5PositionTradingStop({ ...stop, stopLoss: above(1) }), /10001/);
  await client.privatePostV5PositionTradingStop({ ...stop, trailingStop: String(Math.round(bid * 0.02)) });
  await until('the trailing stop', async () =>
    (await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true }))
      .some((order) => order.info.stopOrderType === 'TrailingStop'));
  await client.privatePostV5PositionTradingStop({ ...stop, takeProfit: '0', stopLoss: '0', trailingStop: '0' });
  await until('no legs', async () =>
    (await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true })).length === 0);
  await client.privatePostV5PositionTradingStop({ ...stop, tpslMode: 'Partial', takeProfit: above(2), tpSize: '0.02',
    stopLoss: below(2), slSize: '0.02', tpOrderType: 'Limit', tpLimitPrice: above(2), slOrderType: 'Market' });
  await until('partial legs', async () =>
    (await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true }))
      .filter((order) => order.info.stopOrderType.startsWith('Partial')).length === 2);
  await flatten();
  await until('legs that die with the position', async () =>
    (await client.fetchOpenOrders(symbol, undefined, undefined, { trigger: true })).length === 0);
  await assert_same_account(exchange, client);
});

test('hedge mode: two positions of one symbol', async () => {
  await client.setPositionMode(true, symbol);
  await assert.rejects(client.setPositionMode(true, symbol), /110025/);
  await assert.rejects(client.createOrder(symbol, 'market', 'buy', 0.01, undefined, { positionIdx: 0 }), /10001/);
  await client.createOrder(symbol, 'market', 'buy', 0.02, undefined, { positionIdx: 1 });
  await client.createOrder(symbol, 'market', 'sell', 0.03, undefined, { positionIdx: 2 });
  const both = await until('both sides', async () => {
    const rows = (await client.fetchPositions([symbol])).filter((position) => position.contracts > 0);
    return rows.length === 2 && rows;
  });
  assert.deepEqual(both.map((row) => [row.side, row.contracts]).sort(), [['long', 0.02], ['short', 0.03]]);
  await assert.rejects(client.setPositionMode(false, symbol), /110024/);
  await assert_same_account(exchange, client);
  await flatten();
  await client.setPositionMode(false, symbol);
});

test('each documented error by its code', async () => {
  await quote();
  const create = (parameters) => client.privatePostV5OrderCreate({
    category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: below(0.5), ...parameters });
  for (const [code, parameters] of [
    ['10001', { side: 'Hold' }],
    ['10001', { qty: '0' }],
    ['10001', { qty: '0.0000001' }],
    ['10001', { price: '1.23456789' }],
    ['10001', { orderType: 'Stop' }],
    ['10001', { orderLinkId: 'with spaces is not allowed' }],
    ['10001', { orderLinkId: 'x'.repeat(37) }],
    ['110094', { qty: '0.001', price: '1000' }],
    ['110007', { qty: '100' }],
    ['110017', { reduceOnly: true }],
  ]) await assert.rejects(create(parameters), new RegExp(`"retCode":${code}\\b`), JSON.stringify(parameters));
  await create({ orderLinkId: 'once' });
  await assert.rejects(create({ orderLinkId: 'once' }), /110072/);
  await assert.rejects(client.cancelOrder('11111111-2222-3333-4444-555555555555', symbol), ccxt.OrderNotFound);
  await assert.rejects(client.privatePostV5OrderAmend(
    { category: 'linear', symbol: 'BTCUSDT', orderLinkId: 'once', price: below(0.5) }), /10001/);
  await assert.rejects(client.privatePostV5OrderAmend(
    { category: 'linear', symbol: 'BTCUSDT', orderLinkId: 'never', price: below(0.5) }), /110001/);
  await assert.rejects(client.setLeverage(5, symbol), /110043/);
  await assert.rejects(client.setLeverage(1000, symbol), /"retCode":(10001|110013|110086)/);
  await client.cancelAllOrders(symbol);

  const stranger = await ccxt_client(exchange, { apiKey: 'nobody' });
  await assert.rejects(stranger.privateGetV5PositionList({ category: 'linear', symbol: 'BTCUSDT' }), /10003/);
  const liar = await ccxt_client(exchange, { secret: 'canary-of-another' });
  await assert.rejects(liar.privateGetV5PositionList({ category: 'linear', symbol: 'BTCUSDT' }), /10004/);
  const late = await exchange.ask('GET', '/v5/account/info', {}, { timestamp: Date.now() - 6000 });
  assert.equal(late.body.retCode, 10002);
  const early = await exchange.ask('GET', '/v5/account/info', {}, { timestamp: Date.now() + 1500 });
  assert.equal(early.body.retCode, 10002);
});

test('errors that need a situation first', async () => {
  await quote();
  const linear = { category: 'linear', symbol: 'BTCUSDT' };
  const resting = { ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: below(1) };
  const { result: { orderId } } = await client.privatePostV5OrderCreate(resting);
  // An open order: neither position nor margin mode can be switched.
  await assert.rejects(client.privatePostV5PositionSwitchMode({ ...linear, mode: 3 }), /110028/);
  await client.cancelAllOrders(symbol);
  await assert.rejects(client.privatePostV5OrderAmend({ ...linear, orderId, qty: '0.02' }), /110001/);
  // Ten conditional orders are the most of a symbol.
  for (let i = 0; i < 10; ++i)
    await client.privatePostV5OrderCreate({ ...resting, triggerPrice: above(3 + i / 10), triggerDirection: 1 });
  await assert.rejects(client.privatePostV5OrderCreate({ ...resting, triggerPrice: above(5), triggerDirection: 1 }), /110009/);
  await client.cancelAllOrders(symbol, { trigger: true });
  // A fill: an amended quantity may not fall below it, isolated margin may be added to only when it is on.
  await client.privatePostV5OrderCreate({ ...linear, side: 'Buy', orderType: 'Market', qty: '0.02' });
  await until('the position', async () => (await client.fetchPositions([symbol])).some((row) => row.contracts === 0.02));
  await assert.rejects(client.privatePostV5PositionSwitchMode({ ...linear, mode: 3 }), /110024/);
  await assert.rejects(client.privatePostV5OrderCreate(
    { ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: above(1), reduceOnly: true }), /110017/);
  await assert.rejects(client.privatePostV5PositionSetAutoAddMargin({ ...linear, autoAddMargin: 1, positionIdx: 0 }), /110076/);
  await assert.rejects(client.privatePostV5OrderCreate(
    { ...linear, side: 'Buy', orderType: 'Market', qty: '0.01', slippageToleranceType: 'TickSize', slippageTolerance: '10001' }), /110108/);
  await assert.rejects(client.privatePostV5OrderCreate(
    { ...linear, side: 'Buy', orderType: 'Market', qty: '0.01', slippageToleranceType: 'Percent', slippageTolerance: '11' }), /110109/);
  await flatten();
});

test('account questions: orders, trades, ledger, funding, settings', async () => {
  assert.ok((await client.fetchMyTrades(symbol)).length > 0);
  assert.ok((await client.fetchClosedOrders(symbol)).length > 0);
  assert.ok((await client.fetchCanceledOrders(symbol)).length > 0);
  assert.ok((await client.fetchPositionsHistory([symbol])).length > 0);
  assert.ok((await client.fetchLedger('USDT')).length > 0);
  assert.ok(Array.isArray(await client.fetchFundingHistory(symbol)));
  const fee = await client.fetchTradingFee(symbol);
  assert.ok(fee.taker > fee.maker);
  await client.setMarginMode('isolated', symbol, { leverage: 5 });
  await client.setMarginMode('cross', symbol, { leverage: 5 });
});

test('the private streams tell of orders, trades, positions and money', async () => {
  const heard = { orders: [], trades: [], positions: [], balances: 0 };
  let listening = true;
  const listen = (watch, keep) => (async () => {
    while (listening) {
      const news = await watch().catch(() => undefined);
      if (news === undefined) return;
      keep(news);
    }
  })();
  const all = [
    listen(() => client.watchOrders(symbol), (rows) => heard.orders.push(...rows)),
    listen(() => client.watchMyTrades(symbol), (rows) => heard.trades.push(...rows)),
    listen(() => client.watchPositions([symbol]), (rows) => heard.positions.push(...rows)),
    listen(() => client.watchBalance(), () => ++heard.balances),
  ];
  await until('the private stream', async () => {
    const { id } = await client.createOrder(symbol, 'limit', 'buy', 0.01, below(2));
    await client.cancelOrder(id, symbol);
    return heard.orders.length > 0;
  }, { every_ms: 300 });
  const { id } = await client.createOrder(symbol, 'market', 'buy', 0.01);
  await until('the news of a fill', () =>
    heard.orders.some((order) => order.id === id && order.status === 'closed') &&
    heard.trades.some((trade) => trade.order === id) &&
    heard.positions.some((position) => position.contracts === 0.01) && heard.balances > 0);
  await flatten();
  await until('the news of the end', () => heard.positions.at(-1)?.contracts === 0);
  listening = false;
  await assert_same_account(exchange, client);
  await client.close();
  await Promise.all(all);
});

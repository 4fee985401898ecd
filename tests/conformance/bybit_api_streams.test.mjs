// bybit-api over WebSockets: public and private topics, and orders through the trade socket.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { bybit_api_orders, bybit_api_rest, bybit_api_streams } from './clients.mjs';
import { Exchange, until } from './exchange.mjs';

const linear = { category: 'linear', symbol: 'BTCUSDT' };
let exchange, rest, bid;

before(async () => {
  exchange = await Exchange.start('--seed', '22', '--no-limits');
  rest = bybit_api_rest(exchange);
  bid = Number((await rest.getOrderbook({ ...linear, limit: 1 })).result.b[0][0]);
});
after(() => exchange.stop());

const price = (factor) => (Math.round(bid * factor * 10) / 10).toFixed(1);

/** Hears a stream: every update by topic, and every answer. */
function listen(path) {
  const client = bybit_api_streams(exchange, path);
  const heard = { updates: [], answers: [], failures: [] };
  client.on('update', (update) => heard.updates.push(update));
  client.on('response', (answer) => heard.answers.push(answer));
  client.on('exception', (failure) => heard.failures.push(failure));
  const of = (topic) => heard.updates.filter((update) => update.topic === topic);
  return { client, heard, of };
}

test('public topics arrive in the documented shapes', async () => {
  const { client, heard, of } = listen('/v5/public/linear');
  const topics = ['orderbook.1.BTCUSDT', 'orderbook.50.BTCUSDT', 'orderbook.200.BTCUSDT', 'orderbook.1000.BTCUSDT',
    'publicTrade.BTCUSDT', 'tickers.BTCUSDT', 'kline.1.BTCUSDT', 'kline.5.BTCUSDT', 'allLiquidation.BTCUSDT',
    'priceLimit.BTCUSDT'];
  client.subscribeV5(topics, 'linear');
  await until('all topics but liquidations, which come when there are any', () =>
    topics.every((topic) => topic.startsWith('allLiquidation') || of(topic).length > 0), { patience_ms: 30_000 });
  await until('a hundred frames', () => heard.updates.length > 100, { patience_ms: 30_000 });
  for (const depth of [1, 50, 200, 1000]) {
    const frames = of(`orderbook.${depth}.BTCUSDT`);
    assert.equal(frames[0].type, 'snapshot');
    assert.ok(frames[0].data.b.length <= depth && frames[0].data.b.length > 0);
    for (let i = 1; i < frames.length; ++i) {
      if (depth === 1) assert.equal(frames[i].type, 'snapshot');
      else assert.equal(frames[i].data.u, frames[i - 1].data.u + 1, `gap in depth ${depth}`);
      assert.ok(frames[i].data.seq >= frames[i - 1].data.seq);
    }
  }
  const [first, ...deltas] = of('tickers.BTCUSDT');
  assert.equal(first.type, 'snapshot');
  assert.ok(deltas.every((delta) => delta.type === 'delta' && delta.data.symbol === 'BTCUSDT'));
  assert.ok(deltas.some((delta) => !('fundingRate' in delta.data)), 'a delta leaves out what did not change');
  assert.equal(heard.failures.length, 0, JSON.stringify(heard.failures));
  client.closeAll(true);
});

test('private topics tell of an order and its fill', async () => {
  const { client, heard, of } = listen('/v5/private');
  client.subscribeV5(['order', 'execution', 'execution.fast', 'position', 'wallet'], 'linear');
  await until('the subscription', () => heard.answers.some((answer) => answer.op === 'subscribe' && answer.success));
  const { result } = await rest.submitOrder({ ...linear, side: 'Buy', orderType: 'Market', qty: '0.02', orderLinkId: 'told-of' });
  const rows = (topic) => of(topic).flatMap((update) => update.data);
  await until('all five', () => ['order', 'execution', 'execution.fast', 'position', 'wallet'].every((topic) => rows(topic).length));
  const filled = await until('Filled', () => rows('order').find((row) => row.orderId === result.orderId && row.orderStatus === 'Filled'));
  assert.equal(filled.orderLinkId, 'told-of');
  assert.equal(filled.timeInForce, 'IOC');
  const fills = rows('execution').filter((row) => row.orderId === result.orderId);
  assert.ok(Math.abs(fills.reduce((sum, row) => sum + Number(row.execQty), 0) - 0.02) < 1e-12);
  for (const fast of rows('execution.fast').filter((row) => row.orderId === result.orderId))
    assert.equal(fills.find((row) => row.execId === fast.execId).execPrice, fast.execPrice);
  assert.equal(rows('position').at(-1).size, '0.02');
  assert.ok(rows('position').at(-1).entryPrice > 0);
  await rest.submitOrder({ ...linear, side: 'Sell', orderType: 'Market', qty: '0.02', reduceOnly: true });
  await until('the flat position', () => rows('position').at(-1).size === '0');
  assert.equal(heard.failures.length, 0, JSON.stringify(heard.failures));
  client.closeAll(true);
});

test('orders through the trade socket', async () => {
  const client = bybit_api_orders(exchange);
  const order = { ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.98), orderLinkId: 'by-socket' };
  const made = await client.submitNewOrder(order);
  assert.equal(made.retCode, 0);
  assert.equal(made.data.orderLinkId, 'by-socket');
  assert.ok(Number(made.header['X-Bapi-Limit']) > 0);
  const amended = await client.amendOrder({ ...linear, orderId: made.data.orderId, price: price(0.97) });
  assert.equal(amended.retCode, 0);
  const refused = await client.submitNewOrder(order).catch((failure) => failure);
  assert.equal(refused.retCode, 110072);
  const batch = await client.batchSubmitOrders('linear', [
    { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.96) },
    { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '0.01' },
  ]);
  assert.equal(batch.retExtInfo.list[0].code, 0);
  assert.notEqual(batch.retExtInfo.list[1].code, 0);
  assert.equal((await client.cancelOrder({ ...linear, orderId: made.data.orderId })).retCode, 0);
  assert.equal((await client.batchCancelOrder('linear', [{ symbol: 'BTCUSDT', orderId: batch.data.list[0].orderId }])).retExtInfo.list[0].code, 0);
  await until('no order left', async () => (await rest.getActiveOrders(linear)).result.list.every((row) => row.orderStatus !== 'New'));
  client.getWSClient().closeAll(true);
});

test('a bad topic and a bad signature are refused in words', async () => {
  const { client, heard } = listen('/v5/public/linear');
  client.subscribeV5(['orderbook.30.BTCUSDT'], 'linear');
  const refusal = await until('the refusal', () => heard.failures[0] ?? heard.answers.find((answer) => answer.success === false));
  assert.match(refusal.ret_msg, /handler not found,topic:orderbook\.30\.BTCUSDT/);
  client.closeAll(true);
});

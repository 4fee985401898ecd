// What ccxt 4.5.84 and bybit-api 4.7.7 do that the venue's pages do not say, and how the exchange bears it. Each is a
// row of docs/venues/bybit.md; when a later release mends one, its test fails and the row can go.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { request as request_raw } from 'node:http';
import { after, before, test } from 'node:test';

import { bybit_api_orders, bybit_api_rest, bybit_api_streams, ccxt, ccxt_client } from './clients.mjs';
import { Exchange, until } from './exchange.mjs';

const symbol = 'BTC/USDT:USDT';
const linear = { category: 'linear', symbol: 'BTCUSDT' };
let exchange, client, rest, bid;

before(async () => {
  exchange = await Exchange.start('--seed', '33', '--no-limits');
  client = await ccxt_client(exchange);
  rest = bybit_api_rest(exchange);
  bid = Number((await rest.getOrderbook({ ...linear, limit: 1 })).result.b[0][0]);
  await client.loadMarkets();
});
after(async () => {
  await client.close();
  await exchange.stop();
});

const price = (factor) => (Math.round(bid * factor * 10) / 10).toFixed(1);
/** What the exchange heard during `call`. */
async function heard(call) {
  const { length } = exchange.requests();
  await call();
  return exchange.requests().slice(length);
}
const frames = (requests, path) => requests.filter((one) => one.path === path).map((one) => JSON.parse(one.text));

test('ccxt signs in with the expiry as text, bybit-api with a number', async () => {
  const sign_in = () => frames(exchange.requests(), '/v5/private').findLast((one) => one.op === 'auth');
  client.watchBalance().catch(() => undefined); // ends with the client
  const of_ccxt = await until('the sign-in', sign_in);
  assert.equal(typeof of_ccxt.args[1], 'string');
  assert.ok(!('req_id' in of_ccxt), 'nor has it a request id');
  const streams = bybit_api_streams(exchange, '/v5/private');
  const answers = [];
  streams.on('response', (answer) => answers.push(answer));
  streams.subscribeV5(['wallet'], 'linear');
  await until('the subscription', () => answers.some((answer) => answer.op === 'subscribe' && answer.success));
  const of_bybit_api = sign_in();
  assert.equal(typeof of_bybit_api.args[1], 'number');
  assert.equal(of_bybit_api.req_id, 'v5Private-auth');
  streams.closeAll(true);
});

test('bybit-api encodes a cursor that is encoded already, ccxt encodes nothing; both find the page', async () => {
  for (let i = 0; i < 3; ++i)
    await rest.submitOrder({ ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.97 - i / 100) });
  const first = await rest.getActiveOrders({ ...linear, limit: 1 });
  const cursor = first.result.nextPageCursor;
  assert.match(cursor, /%3D/);
  for (const [ask, sent] of [
    [() => rest.getActiveOrders({ ...linear, limit: 1, cursor }), encodeURIComponent(cursor)],
    [() => client.privateGetV5OrderRealtime({ ...linear, limit: 1, cursor }), cursor],
  ]) {
    let answer;
    const [request] = await heard(async () => { answer = await ask(); });
    assert.equal(request.query, `category=linear&symbol=BTCUSDT&limit=1&cursor=${sent}`);
    assert.equal(Number(answer.retCode), 0);
    assert.equal(answer.result.list.length, 1);
    assert.notEqual(answer.result.list[0].orderId, first.result.list[0].orderId);
  }
  await rest.cancelAllOrders(linear);
});

test('ccxt makes addresses that end in a bare ? and signs nothing for it', async () => {
  const { url, headers } = client.sign('v5/account/info', 'private', 'GET');
  assert.ok(url.endsWith('/v5/account/info?'));
  const text = `${headers['X-BAPI-TIMESTAMP']}${exchange.key}${headers['X-BAPI-RECV-WINDOW']}`;
  assert.equal(headers['X-BAPI-SIGN'], createHmac('sha256', exchange.secret).update(text).digest('hex'));
  // Node's fetch takes the ? away; other runtimes send it, so it is put on the wire here as it was made.
  const answer = await new Promise((done, failed) => {
    request_raw(url, { path: '/v5/account/info?', headers }, (response) => {
      let body = '';
      response.on('data', (bytes) => { body += bytes; }).on('end', () => done(JSON.parse(body)));
    }).on('error', failed).end();
  });
  assert.equal(answer.retCode, 0);
});

test('ccxt asks the execution list for a size when it looks for funding, and for a limit otherwise', async () => {
  const [funding] = await heard(() => client.fetchFundingHistory(symbol, undefined, 7));
  assert.equal(funding.path, '/v5/execution/list');
  assert.equal(funding.query, 'execType=Funding&symbol=BTCUSDT&category=linear&size=7');
  assert.equal(funding.verdict, 0, 'a parameter that the venue does not know means nothing to it');
  const [trades] = await heard(() => client.fetchMyTrades(symbol, undefined, 7));
  assert.match(trades.query, /limit=7/);
});

test('ccxt refuses ws:// addresses until loadHttpProxyAgent() was called', async () => {
  const plain = new ccxt.pro.bybit({ options: { defaultType: 'swap' } });
  for (const name of Object.keys(plain.urls.api))
    if (typeof plain.urls.api[name] === 'string') plain.urls.api[name] = exchange.rest;
  plain.urls.api.ws = client.urls.api.ws;
  await assert.rejects(plain.watchOrderBook(symbol), /loadHttpProxyAgent/);
  await plain.close();
});

test('ccxt asks for one position or for all, never for two', async () => {
  await assert.rejects(client.fetchPositions([symbol, 'ETH/USDT:USDT']), ccxt.ArgumentsRequired);
  assert.ok(Array.isArray(await client.fetchPositions()));
});

test('of a batch ccxt calls a refused create or amend rejected, but hides that a cancel was refused', async () => {
  const one = (clientOrderId, factor) =>
    ({ symbol, type: 'limit', side: 'buy', amount: 0.01, price: price(factor), params: { clientOrderId } });
  const made = await client.createOrders([one('twice', 0.97), one('twice', 0.96), one('once', 0.95)]);
  assert.deepEqual(made.map((order) => order.status), [undefined, 'rejected', undefined], 'nothing is thrown');
  assert.equal(made[1].info.code, 110072);
  const amended = await client.editOrders([one('never', 0.94), one('once', 0.94)]);
  assert.deepEqual(amended.map((order) => order.status), ['rejected', undefined]);
  const cancelled = await client.cancelOrders([], symbol, { clientOrderIds: ['never', 'once'] });
  assert.deepEqual(cancelled.map((order) => order.status), [undefined, undefined]);
  assert.deepEqual(cancelled.map((order) => order.id !== undefined), [false, true], 'only the missing id tells');
});

test('the order book that ccxt watches has no nonce, though every frame has u and seq', async () => {
  const { timestamp } = await client.watchOrderBook(symbol);
  const later = await until('a delta', async () => {
    const book = await client.watchOrderBook(symbol);
    return book.timestamp > timestamp && book;
  });
  assert.equal(later.nonce, undefined);
});

test('bybit-api signs in twice on the trade socket and takes 20001 for a welcome', async () => {
  const orders = bybit_api_orders(exchange);
  const order = { ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: price(0.97) };
  const spoken = frames(await heard(() => orders.submitNewOrder(order)), '/v5/trade');
  const sign_ins = spoken.filter((one) => one.op === 'auth');
  assert.equal(sign_ins.length, 2);
  assert.ok(sign_ins.every((one) => 'req_id' in one && !('reqId' in one)), 'by the name that the other sockets use');
  assert.equal(spoken.at(-1).op, 'order.create');
  orders.getWSClient().closeAll(true);
});

test('bybit-api numbers a subscription by its topics, ccxt by a number that is no text', async () => {
  const streams = bybit_api_streams(exchange, '/v5/public/linear');
  const answers = [];
  streams.on('response', (answer) => answers.push(answer));
  streams.subscribeV5(['orderbook.50.BTCUSDT', 'publicTrade.BTCUSDT', 'tickers.BTCUSDT'], 'linear');
  await until('the subscription', () => answers.some((answer) => answer.success));
  const subscribes = frames(exchange.requests(), '/v5/public/linear').filter((one) => one.op === 'subscribe');
  const of_bybit_api = subscribes.at(-1);
  assert.equal(of_bybit_api.req_id, of_bybit_api.args.join(','));
  assert.ok(of_bybit_api.req_id.length > 36);
  assert.equal(answers.find((answer) => answer.success).req_id, of_bybit_api.req_id, 'given back whole');
  streams.closeAll(true);
  await client.watchTicker(symbol);
  assert.ok(frames(exchange.requests(), '/v5/public/linear')
    .some((one) => one.op === 'subscribe' && typeof one.req_id === 'number'));
});

test('ccxt sends its own name of the client id: beside the venue\'s in an amend, instead of it in a cancel', async () => {
  await client.createOrder(symbol, 'limit', 'buy', 0.01, price(0.97), { clientOrderId: 'named' });
  const [amend] = await heard(() => client.editOrder(undefined, symbol, 'limit', 'buy', 0.02, price(0.96),
    { clientOrderId: 'named' }));
  const body = JSON.parse(amend.body);
  assert.deepEqual([body.orderLinkId, body.clientOrderId, amend.verdict], ['named', 'named', 0]);
  const [cancel] = await heard(() => assert.rejects(
    client.cancelOrder(undefined, symbol, { clientOrderId: 'named' }), /10001/));
  assert.ok(!('orderLinkId' in JSON.parse(cancel.body)));
  await client.cancelOrder(undefined, symbol, { orderLinkId: 'named' });
});

test('ccxt asks for fee rates without the category that the page requires', async () => {
  const [request] = await heard(() => client.fetchTradingFees());
  assert.deepEqual([request.path, request.query, request.verdict], ['/v5/account/fee-rate', '', 0]);
});

test('the first setDisconnectCancelAllWindow of bybit-api names a category where the page has a product', async () => {
  const [request] = await heard(() => rest.setDisconnectCancelAllWindow('linear', 30));
  assert.deepEqual(JSON.parse(request.body), { category: 'linear', timeWindow: 30 });
  assert.equal(request.verdict, 0);
  const { dcpInfos } = (await rest.getDCPInfo()).result;
  assert.ok(dcpInfos.every((row) => row.product !== 'DERIVATIVES'), 'so it never arms what a trader of perpetuals wants');
});

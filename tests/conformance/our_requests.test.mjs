// What our client sends, held against what ccxt and bybit-api send for the same call: method, path, parameters
// and the string that is signed. Ours are printed by `our_requests`, made by the client's own encoders; theirs are
// taken from the exchange's record. Every difference is in the table below, with its reason; a difference that is
// not there fails, and so does a row that no longer differs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { bybit_api_orders, bybit_api_rest, bybit_api_streams, ccxt_client } from './clients.mjs';
import { Exchange, until } from './exchange.mjs';

const program = process.env.MLBOT_OUR_REQUESTS;
if (!program) throw new Error('MLBOT_OUR_REQUESTS names the program our_requests, as `make conformance` does');

const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** What ours says for each call, by name. */
const ours_for = ({ at, key, secret, price, stop }) => Object.fromEntries(
  lines(execFileSync(program, ['calls', String(at), key, secret, price, stop], { encoding: 'utf8' }))
    .map((line) => [line.call, line]));

/** Our signature over each of these, in their order. */
const our_signatures = (secret, asked) => lines(execFileSync(program, ['sign', secret],
  { encoding: 'utf8', input: asked.map((one) => JSON.stringify(one) + '\n').join('') })).map((line) => line.signature);

const symbol = 'BTC/USDT:USDT';
const btc = { category: 'linear', symbol: 'BTCUSDT' };
const venue_id = '5cf98598-39a7-459e-97bf-76ca765ee020';
const absent = undefined;

const places = ['place_limit', 'place_post_only', 'place_with_stop_loss', 'place_ioc', 'place_collared', 'place_market',
  'place_batch'];

/** Where a client's request differs from ours in one parameter; `absent` is a parameter that is not sent. */
const differences = [
  { client: 'ccxt', calls: places, parameter: 'positionIdx', ours: 0, theirs: absent,
    why: 'the venue\'s default; ours names it, so that an account in hedge mode refuses instead of guessing' },
  { client: 'ccxt', calls: ['place_reduce_only'], parameter: 'positionIdx', ours: 0, theirs: absent, why: 'as above' },
  { client: 'ccxt', calls: places, parameter: 'reduceOnly', ours: false, theirs: absent,
    why: 'the venue\'s default; ours names it, so that a recorded request says what it meant' },
  { client: 'ccxt', calls: ['place_market', 'place_reduce_only'], parameter: 'timeInForce', ours: 'IOC', theirs: absent,
    why: 'the venue treats every market order as IOC; ours says so' },
  { client: 'ccxt', calls: ['place_with_stop_loss'], parameter: 'tpslMode', ours: 'Full', theirs: absent,
    why: 'the venue\'s default; a partial stop would not follow the position' },
  { client: 'ccxt', calls: ['place_with_stop_loss'], parameter: 'slOrderType', ours: 'Market', theirs: absent,
    why: 'the venue\'s default; a limit stop can be jumped over' },
  { client: 'ccxt', calls: ['position_stop'], parameter: 'slOrderType', ours: absent, theirs: 'Market',
    why: 'the venue\'s default, and in Full mode the only one it takes' },
  { client: 'ccxt', calls: ['amend'], parameter: 'clientOrderId', ours: absent, theirs: 'same-limit',
    why: 'ccxt says orderLinkId and leaves its own name of it beside; no page knows that one' },
  { client: 'ccxt', calls: ['executions'], parameter: 'execType', ours: absent, theirs: 'Trade',
    why: 'ccxt asks for trades only; ours needs funding and liquidation rows too' },
  { client: 'ccxt', calls: ['wallet'], parameter: 'coin', ours: 'USDT', theirs: absent,
    why: 'ours asks only for the coin it trades with' },
  { client: 'ccxt', calls: ['fee_rates'], parameter: 'category', ours: 'linear', theirs: absent,
    why: 'ccxt leaves out what the page calls required, and lives on the venue\'s mercy' },
];

/** The calls of our list, as users of the two clients make them. */
const as_ccxt_user = (client, { price, lower, stop, from, until: to }) => {
  const limit = (id, more) => client.createOrder(symbol, 'limit', 'buy', 0.02, price, { clientOrderId: id, ...more });
  return {
    place_limit: () => limit('same-limit', { timeInForce: 'GTC' }),
    place_post_only: () => limit('same-post-only', { postOnly: true }),
    place_with_stop_loss: () => limit('same-stop',
      { postOnly: true, stopLoss: { triggerPrice: stop }, slTriggerBy: 'MarkPrice' }),
    place_ioc: () => limit('same-ioc', { timeInForce: 'IOC' }),
    place_collared: () => limit('same-collar', { timeInForce: 'IOC' }),
    place_market: () => client.createOrder(symbol, 'market', 'buy', 0.02, undefined, { clientOrderId: 'same-market' }),
    position_stop: () => client.createOrder(symbol, 'market', 'sell', 0, undefined,
      { tradingStopEndpoint: true, stopLossPrice: stop, slTriggerBy: 'MarkPrice', positionIdx: 0 }),
    place_reduce_only: () => client.createOrder(symbol, 'market', 'sell', 0.02, undefined,
      { clientOrderId: 'same-exit', reduceOnly: true }),
    amend: () => client.editOrder(undefined, symbol, 'limit', 'buy', 0.03, lower, { clientOrderId: 'same-limit' }),
    query_order: () => client.fetchOpenOrders(symbol, undefined, undefined, { orderLinkId: 'same-limit' }),
    cancel: () => client.cancelOrder(undefined, symbol, { orderLinkId: 'same-limit' }),
    cancel_by_venue_id: () => client.cancelOrder(venue_id, symbol),
    place_batch: () => client.createOrders(['same-1', 'same-2'].map((id, i) => ({ symbol, type: 'limit', side: 'buy',
      amount: 0.02, price: [price, lower][i], params: { timeInForce: 'GTC', clientOrderId: id } }))),
    amend_batch: () => client.editOrders(['same-1', 'same-2'].map((id, i) => ({ symbol, type: 'limit', side: 'buy',
      amount: 0.03, price: [lower, price][i], params: { clientOrderId: id } }))),
    cancel_batch: () => client.cancelOrders([], symbol, { clientOrderIds: ['same-1', 'same-2'] }),
    cancel_all: () => client.cancelAllOrders(symbol, { orderFilter: 'Order' }),
    set_leverage: () => client.setLeverage(7, symbol),
    switch_to_hedge: () => client.setPositionMode(true, symbol),
    switch_to_one_way: () => client.setPositionMode(false, symbol),
    set_margin_mode: () => client.setMarginMode('isolated', symbol),
    set_price_band: () => client.privatePostV5AccountSetLimitPxAction({ category: 'linear', modifyEnable: false }),
    set_disconnect_cancel: () => client.privatePostV5OrderDisconnectedCancelAll(
      { product: 'DERIVATIVES', timeWindow: 30 }),
    server_time: () => client.fetchTime(),
    instruments: () => client.publicGetV5MarketInstrumentsInfo({ category: 'linear', limit: 1000 }),
    klines: () => client.fetchOHLCV(symbol, '1m', from, 60, { until: to }),
    book: () => client.fetchOrderBook(symbol, 200),
    tickers: () => client.fetchTickers(),
    recent_trades: () => client.fetchTrades(symbol, undefined, 500),
    funding_history: () => client.fetchFundingRateHistory(symbol, from, 200, { until: to }),
    open_interest: () => client.fetchOpenInterestHistory(symbol, '5m', from, 200, { until: to }),
    risk_limit: () => client.fetchMarketLeverageTiers(symbol),
    open_orders: () => client.fetchOpenOrders(symbol, undefined, 50),
    all_open_orders: () => client.fetchOpenOrders(undefined, undefined, 50),
    order_history: () => client.fetchCanceledAndClosedOrders(symbol, from, 50, { until: to }),
    all_order_history: () => client.privateGetV5OrderHistory({ category: 'linear', settleCoin: 'USDT', limit: 50 }),
    executions: () => client.fetchMyTrades(symbol, from, 100, { until: to }),
    position: () => client.fetchPositions([symbol]),
    all_positions: () => client.fetchPositions(),
    closed_pnl: () => client.fetchPositionsHistory([symbol], from, 100, { until: to }),
    wallet: () => client.fetchBalance(),
    fee_rates: () => client.fetchTradingFees(),
    account_info: () => client.privateGetV5AccountInfo(),
    transactions: () => client.fetchLedger('USDT', from, 50,
      { accountType: 'UNIFIED', endTime: to }),
    user_settings: () => client.privateGetV5AccountUserSettingConfig(),
    system_status: () => client.publicGetV5SystemStatus(),
    key: () => client.privateGetV5UserQueryApi(),
    disconnect_cancel: () => client.privateGetV5AccountQueryDcpInfo(),
  };
};

const order_of = (id, price, more) => ({ symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.02', price,
  timeInForce: 'GTC', orderLinkId: id, positionIdx: 0, reduceOnly: false, ...more });

const as_bybit_api_user = (client, { price, lower, stop, from, until: to }) => {
  const place = (id, more) => client.submitOrder({ category: 'linear', ...order_of(id, price, more) });
  const span = { startTime: from, endTime: to };
  return {
    place_limit: () => place('same-limit'),
    place_post_only: () => place('same-post-only', { timeInForce: 'PostOnly' }),
    place_with_stop_loss: () => place('same-stop', { timeInForce: 'PostOnly', stopLoss: stop, slTriggerBy: 'MarkPrice',
      tpslMode: 'Full', slOrderType: 'Market' }),
    place_ioc: () => place('same-ioc', { timeInForce: 'IOC' }),
    place_collared: () => place('same-collar', { timeInForce: 'IOC' }),
    place_market: () => place('same-market', { orderType: 'Market', price: absent, timeInForce: 'IOC' }),
    position_stop: () => client.setTradingStop({ ...btc, tpslMode: 'Full', positionIdx: 0, stopLoss: stop,
      slTriggerBy: 'MarkPrice' }),
    place_reduce_only: () => place('same-exit', { side: 'Sell', orderType: 'Market', price: absent, timeInForce: 'IOC',
      reduceOnly: true }),
    amend: () => client.amendOrder({ ...btc, orderLinkId: 'same-limit', qty: '0.03', price: lower }),
    query_order: () => client.getActiveOrders({ ...btc, orderLinkId: 'same-limit' }),
    cancel: () => client.cancelOrder({ ...btc, orderLinkId: 'same-limit' }),
    cancel_by_venue_id: () => client.cancelOrder({ ...btc, orderId: venue_id }),
    place_batch: () => client.batchSubmitOrders('linear', [order_of('same-1', price), order_of('same-2', lower)]),
    amend_batch: () => client.batchAmendOrders('linear', [
      { symbol: 'BTCUSDT', orderLinkId: 'same-1', qty: '0.03', price: lower },
      { symbol: 'BTCUSDT', orderLinkId: 'same-2', qty: '0.03', price }]),
    cancel_batch: () => client.batchCancelOrders('linear', [
      { symbol: 'BTCUSDT', orderLinkId: 'same-1' }, { symbol: 'BTCUSDT', orderLinkId: 'same-2' }]),
    cancel_all: () => client.cancelAllOrders({ ...btc, orderFilter: 'Order' }),
    set_leverage: () => client.setLeverage({ ...btc, buyLeverage: '7', sellLeverage: '7' }),
    switch_to_hedge: () => client.switchPositionMode({ ...btc, mode: 3 }),
    switch_to_one_way: () => client.switchPositionMode({ ...btc, mode: 0 }),
    set_margin_mode: () => client.setMarginMode('ISOLATED_MARGIN'),
    set_price_band: () => client.setLimitPriceAction({ category: 'linear', modifyEnable: false }),
    set_disconnect_cancel: () => client.setDisconnectCancelAllWindowV2({ product: 'DERIVATIVES', timeWindow: 30 }),
    server_time: () => client.getServerTime(),
    instruments: () => client.getInstrumentsInfo({ category: 'linear', limit: 1000 }),
    klines: () => client.getKline({ ...btc, interval: '1', start: from, end: to, limit: 60 }),
    book: () => client.getOrderbook({ ...btc, limit: 200 }),
    tickers: () => client.getTickers({ category: 'linear' }),
    recent_trades: () => client.getPublicTradingHistory({ ...btc, limit: 500 }),
    funding_history: () => client.getFundingRateHistory({ ...btc, ...span, limit: 200 }),
    open_interest: () => client.getOpenInterest({ ...btc, intervalTime: '5min', ...span, limit: 200 }),
    risk_limit: () => client.getRiskLimit(btc),
    open_orders: () => client.getActiveOrders({ ...btc, limit: 50 }),
    all_open_orders: () => client.getActiveOrders({ category: 'linear', settleCoin: 'USDT', limit: 50 }),
    order_history: () => client.getHistoricOrders({ ...btc, ...span, limit: 50 }),
    all_order_history: () => client.getHistoricOrders({ category: 'linear', settleCoin: 'USDT', limit: 50 }),
    executions: () => client.getExecutionList({ ...btc, ...span, limit: 100 }),
    position: () => client.getPositionInfo({ ...btc, limit: 200 }),
    all_positions: () => client.getPositionInfo({ category: 'linear', settleCoin: 'USDT', limit: 200 }),
    closed_pnl: () => client.getClosedPnL({ ...btc, ...span, limit: 100 }),
    wallet: () => client.getWalletBalance({ accountType: 'UNIFIED', coin: 'USDT' }),
    fee_rates: () => client.getFeeRate({ category: 'linear' }),
    account_info: () => client.getAccountInfo(),
    transactions: () => client.getTransactionLog({ accountType: 'UNIFIED', currency: 'USDT', ...span, limit: 50 }),
    user_settings: () => client.getPrivate('/v5/account/user-setting-config'),
    system_status: () => client.get('/v5/system/status'),
    key: () => client.getQueryApiKey(),
    disconnect_cancel: () => client.getDCPInfo(),
  };
};

/** Our calls that are orders, over the trade socket. */
const as_ccxt_socket_user = (client, { price, lower }) => {
  const limit = (id, more) => client.createOrderWs(symbol, 'limit', 'buy', 0.02, price, { clientOrderId: id, ...more });
  return {
    place_limit: () => limit('same-limit', { timeInForce: 'GTC' }),
    place_post_only: () => limit('same-post-only', { postOnly: true }),
    place_market: () => client.createOrderWs(symbol, 'market', 'buy', 0.02, undefined,
      { clientOrderId: 'same-market' }),
    amend: () => client.editOrderWs(undefined, symbol, 'limit', 'buy', 0.03, lower, { clientOrderId: 'same-limit' }),
    cancel: () => client.cancelOrderWs(undefined, symbol, { orderLinkId: 'same-limit' }),
  };
};
const as_bybit_api_socket_user = (client, { price, lower, stop }) => {
  const place = (id, more) => client.submitNewOrder({ category: 'linear', ...order_of(id, price, more) });
  return {
    place_limit: () => place('same-limit'),
    place_post_only: () => place('same-post-only', { timeInForce: 'PostOnly' }),
    place_with_stop_loss: () => place('same-stop', { timeInForce: 'PostOnly', stopLoss: stop, slTriggerBy: 'MarkPrice',
      tpslMode: 'Full', slOrderType: 'Market' }),
    amend: () => client.amendOrder({ ...btc, orderLinkId: 'same-limit', qty: '0.03', price: lower }),
    cancel: () => client.cancelOrder({ ...btc, orderLinkId: 'same-limit' }),
    place_batch: () => client.batchSubmitOrders('linear', [order_of('same-1', price), order_of('same-2', lower)]),
    amend_batch: () => client.batchAmendOrder('linear', [
      { symbol: 'BTCUSDT', orderLinkId: 'same-1', qty: '0.03', price: lower },
      { symbol: 'BTCUSDT', orderLinkId: 'same-2', qty: '0.03', price }]),
    cancel_batch: () => client.batchCancelOrder('linear', [
      { symbol: 'BTCUSDT', orderLinkId: 'same-1' }, { symbol: 'BTCUSDT', orderLinkId: 'same-2' }]),
  };
};

/** Who asks, when, and at which prices: one that rests, one below it, and a stop below both. */
async function scene_of(exchange) {
  const { result } = await exchange.get('/v5/market/orderbook', { ...btc, limit: 1 });
  const bid = Number(result.b[0][0]);
  const at = Math.floor(Date.now() / 60_000) * 60_000;
  return { at, key: exchange.key, secret: exchange.secret, from: at - 3_600_000, until: at,
    price: `${Math.round(bid * 0.97)}.5`, lower: `${Math.round(bid * 0.97) - 1}.5`,
    stop: String(Math.round(bid * 0.9)) };
}

/** Calls that the exchange refuses in this story, with the code that it must have. */
const refusals = { cancel_by_venue_id: 110001 };
/** What ccxt asks by the way, to learn what kind of account it has. */
const by_the_way = ['/v5/user/query-api', '/v5/account/info'];

const used = new Set();

/** Asserts that nothing differs but what the table allows. */
function assert_same_parameters(client, call, ours, theirs, where = call) {
  const { request: our_items = [], ...left } = ours; // a batch: compared item by item
  const { request: their_items = [], ...right } = theirs;
  assert.equal(our_items.length, their_items.length, `${where}: items of the batch`);
  our_items.forEach((item, i) => assert_same_parameters(client, call, item, their_items[i], `${where}[${i}]`));
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (left[name] === right[name]) continue;
    const row = differences.find((one) => one.client === client && one.calls.includes(call) && one.parameter === name);
    assert.ok(row, `${client} ${where}: ${name} is ${JSON.stringify(left[name])} in ours, ` +
      `${JSON.stringify(right[name])} in theirs`);
    assert.equal(left[name], row.ours, `${client} ${where}: our ${name}`);
    assert.equal(right[name], row.theirs, `${client} ${where}: their ${name}`);
    used.add(`${client} ${call} ${name}`);
  }
}

const parameters_of = ({ method, payload }) =>
  method === 'POST' ? JSON.parse(payload) : Object.fromEntries(new URLSearchParams(payload));
const payload_of = (request) => (request.method === 'POST' ? request.body : request.query);

/** Everything of theirs that is signed carries the signature that we make over the same bytes. */
function assert_our_signer_makes_theirs(exchange) {
  const requests = exchange.requests();
  const rest = requests.filter((one) => one.headers?.['X-BAPI-SIGN']);
  const sign_ins = requests.filter((one) => one.transport === 'ws').map((one) => JSON.parse(one.text))
    .filter((frame) => frame.op === 'auth');
  assert.ok(rest.length > 20 && sign_ins.length > 0, 'both kinds are on record');
  const made = our_signatures(exchange.secret, [
    ...rest.map((one) => ({ key: one.headers['X-BAPI-API-KEY'], timestamp: one.headers['X-BAPI-TIMESTAMP'],
      window: one.headers['X-BAPI-RECV-WINDOW'], payload: payload_of(one) })),
    ...sign_ins.map((frame) => ({ expires: String(frame.args[1]) }))]);
  assert.deepEqual(made, [...rest.map((one) => one.headers['X-BAPI-SIGN']), ...sign_ins.map((frame) => frame.args[2])]);
}

for (const [client_name, make_rest, rest_user, make_socket, socket_user] of [
  ['ccxt', ccxt_client, as_ccxt_user, ccxt_client, as_ccxt_socket_user],
  ['bybit-api', async (exchange) => bybit_api_rest(exchange), as_bybit_api_user,
    async (exchange) => bybit_api_orders(exchange), as_bybit_api_socket_user],
]) describe(client_name, () => {
  let exchange, scene, ours;

  before(async () => {
    exchange = await Exchange.start('--seed', '31', '--no-limits');
    scene = await scene_of(exchange);
    ours = ours_for(scene);
  });
  after(() => exchange.stop());

  test('the grid is the one that our_requests writes prices on', async () => {
    const { result } = await exchange.get('/v5/market/instruments-info', btc);
    assert.equal(Number(result.list[0].priceFilter.tickSize), 0.1);
    assert.equal(Number(result.list[0].lotSizeFilter.qtyStep), 0.001);
  });

  test('every REST call has our method, path and parameters', async () => {
    const client = await make_rest(exchange);
    if (client_name === 'ccxt') await client.loadMarkets();
    const calls = rest_user(client, scene);
    assert.deepEqual(Object.keys(calls).sort(), Object.keys(ours).filter((call) => !call.startsWith('sign_in')).sort(),
      'each of our calls is made');
    for (const call of Object.keys(ours).filter((name) => calls[name])) {
      const { length } = exchange.requests();
      await calls[call]().catch((failure) =>
        assert.ok(refusals[call], `${call}: ${failure?.message ?? JSON.stringify(failure)}`));
      const made = exchange.requests().slice(length).filter((one) =>
        one.path === ours[call].path || !by_the_way.includes(one.path));
      const theirs = made.at(-1);
      assert.ok(theirs, `${call} asked nothing`);
      assert.ok(made.length === 1 || by_the_way.includes(ours[call].path), `${call}: ${made.map((one) => one.path)}`);
      assert.equal(theirs.method, ours[call].method, `${call}: method`);
      assert.equal(theirs.path, ours[call].path, `${call}: path`);
      assert.equal(Boolean(theirs.headers['X-BAPI-SIGN']), ours[call].signed, `${call}: signed or open to all`);
      assert.equal(theirs.verdict, refusals[call] ?? 0, `${call}: verdict`);
      assert_same_parameters(client_name, call, parameters_of(ours[call]),
        parameters_of({ method: theirs.method, payload: payload_of(theirs) }));
      if (!ours[call].signed) continue;
      // The same bytes at the same time are signed alike: the string is timestamp, key, window and those bytes.
      const time = theirs.headers['X-BAPI-TIMESTAMP'], window = theirs.headers['X-BAPI-RECV-WINDOW'];
      assert.equal(ours[call].signing_string, `${scene.at}${exchange.key}${window}${ours[call].payload}`);
      assert.equal(theirs.headers['X-BAPI-SIGN'], createHmac('sha256', exchange.secret)
        .update(`${time}${exchange.key}${window}${payload_of(theirs)}`).digest('hex'), `${call}: their signature`);
      assert.equal(ours[call].headers['X-BAPI-SIGN'], createHmac('sha256', exchange.secret)
        .update(ours[call].signing_string).digest('hex'), `${call}: our signature`);
    }
  });

  test('order entry over the trade socket has our op, arguments and header', async () => {
    const client = await make_socket(exchange);
    for (const [call, make] of Object.entries(socket_user(client, scene))) {
      const { length } = exchange.requests();
      await make().catch(() => undefined); // ids are used already: what is sent matters here, not what came of it
      const frame = await until(`the frame of ${call}`, () => exchange.requests().slice(length)
        .filter((one) => one.transport === 'ws' && one.path === '/v5/trade').map((one) => JSON.parse(one.text))
        .find((one) => one.op.startsWith('order.')));
      assert.equal(frame.op, ours[call].frame.op, call);
      assert.equal(frame.args.length, 1);
      assert_same_parameters(client_name, call, ours[call].frame.args[0], frame.args[0]);
      assert.deepEqual(Object.keys(frame).sort(), Object.keys(ours[call].frame).sort(), `${call}: keys of the frame`);
      const { Referer, ...header } = frame.header; // who made the library: means nothing to an order
      assert.deepEqual(Object.keys(header).sort(), Object.keys(ours[call].frame.header).sort(), `${call}: header`);
      for (const name of Object.keys(header))
        assert.equal(typeof header[name], typeof ours[call].frame.header[name], name);
    }
    await (client.close?.() ?? client.getWSClient().closeAll(true));
  });

  test('our signer makes every signature of theirs, byte for byte', async () => {
    if (client_name === 'bybit-api') {
      const streams = bybit_api_streams(exchange, '/v5/private');
      streams.subscribeV5(['wallet'], 'linear');
      await until('the sign-in', () => exchange.requests().some((one) => one.path === '/v5/private'));
      streams.closeAll(true);
    }
    assert_our_signer_makes_theirs(exchange);
  });

  test('our sign-in has the op and the arguments of theirs, signed over GET/realtime and the expiry', () => {
    const expected = createHmac('sha256', exchange.secret).update(`GET/realtime${scene.at}`).digest('hex');
    const theirs = exchange.requests().filter((one) => one.transport === 'ws').map((one) => JSON.parse(one.text))
      .find((frame) => frame.op === 'auth');
    for (const { frame } of [ours.sign_in_private, ours.sign_in_trade]) {
      assert.equal(frame.op, theirs.op);
      assert.equal(frame.args.length, theirs.args.length);
      assert.deepEqual(frame.args, [theirs.args[0], scene.at, expected]);
    }
  });
});

test('our requests, sent as they are, are answered as theirs', async () => {
  const exchange = await Exchange.start('--seed', '31', '--no-limits');
  try {
    const scene = await scene_of(exchange);
    for (const [call, request] of Object.entries(ours_for({ ...scene, at: Date.now() }))) {
      if (call.startsWith('sign_in')) continue;
      const is_post = request.method === 'POST';
      const target = !is_post && request.payload ? `${request.path}?${request.payload}` : request.path;
      const answer = await fetch(`${exchange.rest}${target}`, {
        method: request.method, headers: { ...request.headers, ...(is_post && { 'Content-Type': 'application/json' }) },
        ...(is_post && { body: request.payload }) });
      const { retCode, retMsg, retExtInfo } = await answer.json();
      assert.equal(retCode, refusals[call] ?? 0, `${call}: ${retMsg}`);
      assert.ok((retExtInfo?.list ?? []).every((item) => item.code === 0), `${call}: ${JSON.stringify(retExtInfo)}`);
    }
  } finally {
    await exchange.stop();
  }
});

test('the receive window is a matter of the wall, at whatever pace the market runs', async () => {
  const pace = 20;
  const exchange = await Exchange.start('--seed', '32', '--speed', String(pace));
  try {
    const market_ms = async () => Number((await exchange.get('/v5/market/time')).result.timeNano) / 1e6;
    const code_at = async (timestamp) =>
      (await exchange.ask('GET', '/v5/account/info', {}, { timestamp: Math.floor(timestamp) })).body.retCode;
    const then = await market_ms();
    await until('six seconds of market', async () => (await market_ms()) > then + 6000);
    assert.equal(await code_at(then), 0, 'older than the window by the market, not by the wall');
    assert.equal(await code_at((await market_ms()) - 6000 * pace), 10002, 'older by both');
  } finally {
    await exchange.stop();
  }
});

test('every row of the table of differences is still true', () => {
  for (const { client, calls, parameter } of differences)
    for (const row of calls.map((call) => `${client} ${call} ${parameter}`))
      assert.ok(used.has(row), `${row} no longer differs`);
});

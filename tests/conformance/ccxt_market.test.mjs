// ccxt sees the exchange's market as it is: contracts, prices, candles, and above all the book.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ccxt_client } from './clients.mjs';
import { Exchange, until } from './exchange.mjs';

const symbol = 'BTC/USDT:USDT';
let exchange, client;

before(async () => {
  // A market at 20 times its pace: thousands of frames within seconds. Nothing here is signed.
  exchange = await Exchange.start('--seed', '11', '--speed', '20');
  client = await ccxt_client(exchange, { apiKey: undefined, secret: undefined });
  await client.loadMarkets();
});
after(async () => {
  await client.close();
  await exchange.stop();
});

test('contracts carry the grids and limits of the exchange', async () => {
  const { result } = await exchange.get('/v5/market/instruments-info', { category: 'linear' });
  assert.ok(result.list.length >= 2);
  for (const row of result.list) {
    const market = client.market(row.symbol);
    assert.equal(market.type, 'swap');
    assert.equal(market.linear, true);
    assert.equal(market.contractSize, 1);
    assert.equal(market.precision.price, Number(row.priceFilter.tickSize));
    assert.equal(market.precision.amount, Number(row.lotSizeFilter.qtyStep));
    assert.equal(market.limits.amount.min, Number(row.lotSizeFilter.minOrderQty));
    assert.equal(market.limits.leverage.max, Number(row.leverageFilter.maxLeverage));
  }
});

test('the watched book equals the exchange\'s own at the same sequence', async (t) => {
  const levels = 1000; // the depth that the REST book continues
  const wanted = 2000;
  const seen = new Map(); // cross sequence -> what ccxt holds after that frame
  let frames = 0;
  const handle = client.handleOrderBook.bind(client);
  client.handleOrderBook = (socket, message) => {
    handle(socket, message);
    ++frames;
    const book = client.orderbooks[symbol];
    seen.set(message.data.seq, JSON.stringify([[...book.bids], [...book.asks]].map((side) => side.slice(0, levels))));
    if (seen.size > 4000) seen.delete(seen.keys().next().value);
  };
  const compared = new Set();
  const watching = (async () => {
    while (frames < wanted) await client.watchOrderBook(symbol, levels);
  })();
  while (frames < wanted) {
    const { result } = await exchange.get('/v5/market/orderbook', { category: 'linear', symbol: 'BTCUSDT', limit: levels });
    const own = JSON.stringify([result.b, result.a].map((side) => side.map((level) => level.map(Number))));
    // Its frame may still be on its way; a book of before the first frame has none.
    await until('later frames', () => [...seen.keys()].at(-1) >= result.seq);
    const held = seen.get(result.seq);
    if (held === undefined) continue;
    assert.equal(held, own, `books differ at seq ${result.seq} after ${frames} frames`);
    compared.add(result.seq);
  }
  await watching;
  client.handleOrderBook = handle;
  t.diagnostic(`${frames} frames, ${compared.size} books compared`);
  assert.ok(compared.size >= 100, `only ${compared.size} books could be compared`);
});

test('watched trades are the exchange\'s prints', async () => {
  const watched = new Map();
  while (watched.size < 300)
    for (const trade of await client.watchTrades(symbol)) watched.set(trade.id, trade);
  const { result } = await exchange.get('/v5/market/recent-trade', { category: 'linear', symbol: 'BTCUSDT', limit: 1000 });
  const both = result.list.filter((row) => watched.has(row.execId));
  assert.ok(both.length >= 50, `${both.length} prints in both`);
  for (const row of both) {
    const trade = watched.get(row.execId);
    assert.equal(trade.price, Number(row.price));
    assert.equal(trade.amount, Number(row.size));
    assert.equal(trade.side, row.side.toLowerCase());
    assert.equal(trade.timestamp, Number(row.time));
  }
});

test('watched ticker, candles, best prices and liquidations arrive', async () => {
  const ticker = await client.watchTicker(symbol);
  for (const name of ['last', 'markPrice', 'indexPrice', 'bid', 'ask', 'bidVolume', 'high', 'low', 'baseVolume'])
    assert.ok(ticker[name] > 0, `ticker.${name} is ${ticker[name]}`);
  const candles = await client.watchOHLCV(symbol, '1m');
  assert.ok(candles.length >= 1);
  const [start, open, high, low, close, volume] = candles.at(-1);
  assert.equal(start % 60_000, 0);
  assert.ok(low <= Math.min(open, close) && high >= Math.max(open, close) && volume >= 0);
  const best = (await client.watchBidsAsks([symbol]))[symbol];
  assert.ok(best.bid < best.ask);
});

test('candles of every interval are made of the same minutes', async () => {
  const { result } = await exchange.get('/v5/market/kline', { category: 'linear', symbol: 'BTCUSDT', interval: '1', limit: 1000 });
  const minutes = result.list.map((row) => row.map(Number)).reverse();
  for (const [frame, length] of [['1m', 1], ['3m', 3], ['5m', 5], ['15m', 15], ['1h', 60]]) {
    const candles = await client.fetchOHLCV(symbol, frame, undefined, 200);
    assert.ok(candles.length >= 1, frame);
    for (const [start, open, high, low, close] of candles.slice(1, -1)) {
      const parts = minutes.filter((row) => row[0] >= start && row[0] < start + length * 60_000);
      if (parts.length !== length) continue;
      assert.deepEqual([open, high, low, close],
        [parts[0][1], Math.max(...parts.map((row) => row[2])), Math.min(...parts.map((row) => row[3])), parts.at(-1)[4]],
        `${frame} bar of ${new Date(start).toISOString()}`);
    }
  }
});

test('fetched public data', async () => {
  assert.ok(Math.abs(await client.fetchTime()) > 0);
  const book = await client.fetchOrderBook(symbol, 10);
  assert.equal(book.bids.length, 10);
  assert.ok(book.bids[0][0] < book.asks[0][0]);
  assert.equal((await client.fetchTickers([symbol]))[symbol].symbol, symbol);
  assert.ok((await client.fetchTrades(symbol, undefined, 20)).length > 0);
  const funding = await client.fetchFundingRate(symbol);
  assert.ok(Number.isFinite(funding.fundingRate) && funding.fundingTimestamp > 0);
  assert.ok(Array.isArray(await client.fetchFundingRateHistory(symbol)));
  const interest = await client.fetchOpenInterest(symbol);
  assert.ok(interest.openInterestAmount > 0 || interest.openInterestValue > 0);
  const tiers = await client.fetchMarketLeverageTiers(symbol);
  assert.ok(tiers.length >= 2);
  for (let i = 1; i < tiers.length; ++i) {
    assert.equal(tiers[i].minNotional, tiers[i - 1].maxNotional);
    assert.ok(tiers[i].maintenanceMarginRate > tiers[i - 1].maintenanceMarginRate);
    assert.ok(tiers[i].maxLeverage <= tiers[i - 1].maxLeverage);
  }
});

test('what does not exist is refused by its code', async () => {
  await assert.rejects(client.fetchOrderBook('BTC/USDT:USDT', 50, { symbol: 'NOPEUSDT' }), /10001/);
  await assert.rejects(client.publicGetV5MarketKline({ category: 'linear', symbol: 'BTCUSDT', interval: '7' }), /10001/);
});

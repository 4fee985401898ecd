// Rows 73 to 81 against TA-Lib itself, compiled to WebAssembly by other people: candles and our values come
// from mlbot_candle_rows, everything else here is TA-Lib's own arithmetic.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const program = process.env.MLBOT_CANDLE_ROWS;
if (!program) throw new Error('MLBOT_CANDLE_ROWS names the built mlbot_candle_rows, as `make conformance` does');
const require = createRequire(import.meta.url);
const talib = require('talib-web');
const wasm = readFileSync(join(dirname(require.resolve('talib-web')), 'talib.wasm'));
await talib.init(`data:application/wasm;base64,${wasm.toString('base64')}`);

function ours(...args) {
  const { candles, rows } = JSON.parse(execFileSync(program, args.map(String), { maxBuffer: 1 << 26 }));
  const column = (n) => candles.map((candle) => candle[n]);
  return { rows, high: column(1), low: column(2), close: column(3), volume: column(4) };
}
// The binding puts the first value at 0 and reads one input too many: of `count` inputs the last value stands
// where TA-Lib's look-back of the function leaves it.
const lookback = { RSI: 14, ATR: 14, MFI: 14, PLUS_DI: 14, MINUS_DI: 14, ADX: 27, SMA: 19, VAR: 19, MACD: 33 };
function last(name, params, output = 'output') {
  const count = (params.inReal ?? params.close).length;
  return talib[name](params)[output][count - 1 - lookback[name]];
}
const centred = (index) => (index - 50) / 50;

function theirs({ high, low, close, volume }) {
  const range = { high, low, close, timePeriod: 14 };
  const atr = last('ATR', range);
  // The variance that TA-Lib's STDDEV and BBANDS take the root of: in this binding those two leave that out.
  const window = { inReal: close, timePeriod: 20 };
  const mean = last('SMA', window), deviation = Math.sqrt(last('VAR', { ...window, nbDev: 1 }));
  const plus = last('PLUS_DI', range), minus = last('MINUS_DI', range);
  const fives = close.filter((_, i) => i % 5 === 4);
  const macd = { inReal: close, fastPeriod: 12, slowPeriod: 26, signalPeriod: 9 };
  return {
    rsi_14_1m: centred(last('RSI', { inReal: close, timePeriod: 14 })),
    rsi_14_5m: centred(last('RSI', { inReal: fives, timePeriod: 14 })),
    macd_hist_atr_1m: last('MACD', macd, 'MACDHist') / atr,
    bb_z_20_1m: (close.at(-1) - mean) / deviation,
    log_bb_width_20_1m: Math.log(1e4 * 4 * deviation / mean),
    log_atr_14_1m: Math.log(1e4 * atr / close.at(-1)),
    adx_14_1m: last('ADX', range) / 100,
    di_diff_14_1m: (plus - minus) / (plus + minus),
    mfi_14_1m: centred(last('MFI', { ...range, volume })),
  };
}

for (const [count, seed] of [[300, 1], [301, 2], [500, 3], [720, 4], [1003, 5]]) {
  test(`${count} candles of seed ${seed}: nine rows as TA-Lib says`, () => {
    const market = ours(count, seed);
    const expected = theirs(market);
    assert.equal(Object.keys(market.rows).length, 9);
    for (const [name, value] of Object.entries(market.rows))
      assert.ok(Math.abs(value - expected[name]) <= 1e-9 * (1 + Math.abs(expected[name])),
        `${name}: ${value}, TA-Lib says ${expected[name]}`);
  });
}

test('a flat market sits in the centre, where TA-Lib says 0 of 100', () => {
  const market = ours(300, 6, 'flat');
  assert.equal(last('RSI', { inReal: market.close, timePeriod: 14 }), 0);
  assert.equal(market.rows.rsi_14_1m, 0);
  assert.equal(market.rows.rsi_14_5m, 0);
  const { high, low, close, volume } = market;
  assert.equal(last('MFI', { high, low, close, volume, timePeriod: 14 }), 0);
  assert.equal(market.rows.mfi_14_1m, 0);
});

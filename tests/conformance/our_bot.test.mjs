// A bot that trades live on an exchange which keeps the record: it says nothing but the calls that our_requests lists,
// and what it signs verifies by a signer that is not ours. So what our_requests.test.mjs compares is what is sent.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { Exchange } from './exchange.mjs';

const run = (...args) => promisify(execFile)(process.env.MLBOT_BINARY, ['run', '--listen', '127.0.0.1:0', ...args]);
const program = process.env.MLBOT_OUR_REQUESTS;
if (!program) throw new Error('MLBOT_OUR_REQUESTS names the program our_requests, as `make conformance` does');

test('a live bot says nothing but the calls that are compared, and signs them rightly', async () => {
  const exchange = await Exchange.start('--seed', '34', '--account', 'main');
  try {
    const venue = `sim:${new URL(exchange.rest).host}`;
    const [made, state, key_file] = ['made', 'state', 'main.key'].map((name) => join(exchange.directory, name));
    writeFileSync(key_file, `environment = "${venue}"\nkey = "${exchange.key}"\nsecret = "${exchange.secret}"\n`,
      { mode: 0o600 });
    await run('--state-dir', made, '--history-hours', '2.5', '--stop-after', '1'); // live wants a model
    for (const part of ['models', 'model_keys.trusted'])
      cpSync(join(made, part), join(state, part), { recursive: true });
    await run('--state-dir', state, '--venue', venue, '--mode', 'live', '--key-file', key_file,
      '--confirm', `live ${venue} 100000001`, '--stop-after', '5');

    const known = execFileSync(program, ['calls', '0', exchange.key, exchange.secret, '60000.5', '54000'],
      { encoding: 'utf8' }).split('\n').filter(Boolean).map((line) => JSON.parse(line));
    const names = ({ method, payload }) =>
      Object.keys(method === 'POST' ? JSON.parse(payload) : Object.fromEntries(new URLSearchParams(payload)));
    const paths = new Set();
    for (const { transport, method, path, query, body, headers, text, verdict } of exchange.requests()) {
      if (transport === 'ws') {
        const { op, args } = JSON.parse(text);
        const expected = createHmac('sha256', exchange.secret).update(`GET/realtime${args?.[1]}`).digest('hex');
        if (op === 'auth') assert.equal(args[2], expected, path);
        continue;
      }
      paths.add(path);
      const payload = method === 'POST' ? body : query;
      const asked = names({ method, payload });
      const call = known.find((one) => one.path === path && one.method === method &&
        asked.every((name) => names(one).includes(name)));
      assert.ok(call, `${method} ${path} with ${asked} is not among the calls that are compared`);
      assert.equal(verdict, 0, `${path}?${query}`);
      assert.equal(Boolean(headers['X-BAPI-SIGN']), call.signed, path);
      if (!call.signed) continue;
      const signed = `${headers['X-BAPI-TIMESTAMP']}${exchange.key}${headers['X-BAPI-RECV-WINDOW']}${payload}`;
      assert.equal(headers['X-BAPI-SIGN'], createHmac('sha256', exchange.secret).update(signed).digest('hex'), path);
    }
    for (const path of ['/v5/market/instruments-info', '/v5/market/risk-limit', '/v5/market/kline',
      '/v5/account/fee-rate', '/v5/user/query-api', '/v5/account/info', '/v5/order/realtime', '/v5/execution/list', '/v5/position/list',
      '/v5/account/wallet-balance'])
      assert.ok(paths.has(path), `a bot that starts asks ${path}`);
  } finally {
    await exchange.stop();
  }
});

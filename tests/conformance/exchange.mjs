// An `mlbot exchange` of one test, and the ways to ask it things without any client library: raw requests,
// requests that we sign by hand, and waiting for something to become true.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const binary = process.env.MLBOT_BINARY;
if (!binary) throw new Error('MLBOT_BINARY names the program under test, as `make conformance` does');

export const delay = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until `probe` gives something true; the error names what was waited for. */
export async function until(what, probe, { patience_ms = 15_000, every_ms = 20 } = {}) {
  const end = Date.now() + patience_ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${patience_ms} ms in vain for ${what}`);
    await delay(every_ms);
  }
}

export class Exchange {
  /** Starts the program with these further arguments on a free port. */
  static async start(...args) {
    const exchange = new Exchange();
    exchange.directory = mkdtempSync(join(tmpdir(), 'mlbot_conformance_'));
    exchange.requests_file = join(exchange.directory, 'requests.jsonl');
    exchange.process = spawn(binary, ['exchange', '--listen', '127.0.0.1:0', '--json', '--record-requests',
      exchange.requests_file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    exchange.said = '';
    exchange.complained = '';
    exchange.process.stdout.on('data', (bytes) => { exchange.said += bytes; });
    exchange.process.stderr.on('data', (bytes) => { exchange.complained += bytes; });
    exchange.process.on('exit', (code) => { exchange.exit_code = code; });
    const about = await until('the exchange to serve', () => {
      if (exchange.exit_code !== undefined)
        throw new Error(`the exchange ended with ${exchange.exit_code}:\n${exchange.complained}`);
      try {
        return JSON.parse(exchange.said);
      } catch {
        return undefined; // not all of it has arrived
      }
    });
    exchange.rest = about.rest;
    exchange.streams = about.rest.replace('http', 'ws');
    exchange.accounts = about.accounts;
    exchange.key = about.key;
    exchange.secret = about.secret;
    return exchange;
  }

  async stop() {
    this.process.kill('SIGINT');
    await until('the exchange to stop', () => this.exit_code !== undefined);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The body of a request that nobody needs to sign. */
  async get(path, query = {}) {
    const answer = await fetch(`${this.rest}${path}?${new URLSearchParams(query)}`);
    return answer.json();
  }

  /** A signed request; GET parameters and POST bodies alike are given as an object. */
  async ask(method, path, parameters = {}, { timestamp = Date.now(), window = 5000, secret = this.secret } = {}) {
    const payload = method === 'GET' ? String(new URLSearchParams(parameters)) : JSON.stringify(parameters);
    const signature = createHmac('sha256', secret).update(`${timestamp}${this.key}${window}${payload}`).digest('hex');
    const answer = await fetch(`${this.rest}${path}${method === 'GET' ? `?${payload}` : ''}`, {
      method,
      headers: {
        'X-BAPI-API-KEY': this.key,
        'X-BAPI-TIMESTAMP': String(timestamp),
        'X-BAPI-RECV-WINDOW': String(window),
        'X-BAPI-SIGN': signature,
        ...(method === 'POST' && { 'Content-Type': 'application/json' }),
      },
      ...(method === 'POST' && { body: payload }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }

  /** The account as the exchange itself holds it. */
  async own_account() {
    const answer = await fetch(`${this.rest}/sim/account?name=${this.accounts[0].name}`);
    return answer.json();
  }

  /** What the exchange noted of each signed request and order-entry frame so far. */
  requests() {
    return readFileSync(this.requests_file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }
}

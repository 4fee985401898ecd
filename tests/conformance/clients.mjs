// ccxt and bybit-api as their users make them, with the addresses of our exchange; nothing of them is changed.
import { createRequire } from 'node:module';

import ccxt from 'ccxt';

const { RestClientV5, WebsocketClient, WebsocketAPIClient } = createRequire(import.meta.url)('bybit-api');

export { ccxt };

/** ccxt's client with WebSockets, on the unified account of this exchange. */
export async function ccxt_client(exchange, more = {}) {
  const client = new ccxt.pro.bybit({
    apiKey: exchange.key, secret: exchange.secret, enableRateLimit: false, timeout: 8000, ...more,
    options: { defaultType: 'swap', ...more.options },
  });
  for (const name of Object.keys(client.urls.api))
    if (typeof client.urls.api[name] === 'string') client.urls.api[name] = exchange.rest;
  client.urls.api.ws = {
    public: Object.fromEntries(['spot', 'inverse', 'option', 'linear'].map(
      (category) => [category, `${exchange.streams}/v5/public/${category}`])),
    private: {
      spot: { unified: `${exchange.streams}/v5/private`, nonUnified: `${exchange.streams}/v5/private` },
      contract: `${exchange.streams}/v5/private`,
      usdc: `${exchange.streams}/v5/private`,
      trade: `${exchange.streams}/v5/trade`,
    },
  };
  await client.loadHttpProxyAgent(); // ccxt refuses ws:// addresses until it has been called
  return client;
}

/** bybit-api's REST client. */
export const bybit_api_rest = (exchange, more = {}) => new RestClientV5({
  baseUrl: exchange.rest, key: exchange.key, secret: exchange.secret, ...more,
});

const silent = { trace() {}, info() {}, error() {} };

/** bybit-api's stream client; one address each, so one client for the public and one for the private stream. */
export const bybit_api_streams = (exchange, path) => new WebsocketClient({
  market: 'v5', wsUrl: `${exchange.streams}${path}`, key: exchange.key, secret: exchange.secret,
}, silent);

/** bybit-api's order entry over the trade socket. */
export const bybit_api_orders = (exchange) => new WebsocketAPIClient({
  wsUrl: `${exchange.streams}/v5/trade`, key: exchange.key, secret: exchange.secret,
}, silent);

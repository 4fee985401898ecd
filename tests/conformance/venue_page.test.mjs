// docs/venues/bybit.md points at tests, decisions and recordings: each of them must exist.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const page = readFileSync(join(root, 'docs/venues/bybit.md'), 'utf8');
const quoted = [...page.matchAll(/`([^`]+)`/g)].map((match) => match[1]);

test('each test that the page names exists', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).filter((name) => name.endsWith('_test.cpp'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8')).join('\n');
  const of_code = quoted.filter((text) => /^[A-Z]\w+\.\w+$/.test(text));
  assert.ok(of_code.length > 20);
  for (const text of of_code) assert.ok(sources.includes(`TEST(${text.replace('.', ', ')})`), text);
  const of_node = quoted.map((text) => /^(\w+): (.+)$/.exec(text)).filter(Boolean);
  assert.ok(of_node.length > 10);
  for (const [, file, title] of of_node) {
    const source = readFileSync(join(here, `${file}.test.mjs`), 'utf8').replaceAll("\\'", "'");
    assert.ok(source.includes(`test('${title}'`), title);
  }
});

test('each quirk that is tested stands on the page', () => {
  const source = readFileSync(join(here, 'quirks.test.mjs'), 'utf8').replaceAll("\\'", "'");
  for (const [, title] of source.matchAll(/^test\('(.+)', async/gm))
    assert.ok(quoted.includes(`quirks: ${title}`), title);
});

test('each decision that the page names exists', () => {
  const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1]);
  assert.ok(links.length > 10);
  for (const link of links) assert.ok(existsSync(join(root, 'docs/venues', link)), link);
});

test('each recording that the page names exists', (context) => {
  const recorded = join(process.env.MLBOT_SHARED ?? join(root, '..', 'shared'), 'fixtures/bybit');
  if (!existsSync(recorded))
    return context.skip(`no recorded messages at ${recorded}; set MLBOT_SHARED to the shared folder`);
  for (const name of quoted.filter((text) => text.endsWith('.jsonl')))
    assert.ok(existsSync(join(recorded, name)), name);
});

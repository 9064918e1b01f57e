import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { allAliases, allMetrics, promName } from '@tallyman/catalog';
import { expect, it } from 'vitest';
import { inRepository, readRepository } from './testing/repository.ts';

/** The catalog declares names; tests, and what exists for tests, say literally what they expect. */
const EXEMPT = new Set(['catalog', 'testkit']);

const names = new Set([...allMetrics, ...allAliases].flatMap((metric) => [metric.name, promName(metric)]));

function sources(): string[] {
  return readdirSync(inRepository('packages'))
    .filter((name) => !EXEMPT.has(name))
    .flatMap((name) => typescriptBelow(`packages/${name}/src`));
}

function typescriptBelow(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(inRepository(folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return entries.filter((name) => /\.[cm]?ts$/.test(name) && !name.includes('.test.')).map((name) => join(folder, name));
}

function strays(text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const quoted = [...line.matchAll(/(['"`])([A-Za-z][\w.]*)\1/g)].map(([, , name = '']) => name).filter((name) => names.has(name));
    return /^\s*(\/\/|\/?\*)/.test(line) ? [] : quoted.map((name) => `${index + 1}: ${name}`);
  });
}

it('quoted names of metrics stand in the catalog only: other code takes its objects', () => {
  const found = sources().flatMap((path) => strays(readRepository(path) ?? '').map((stray) => `${path}:${stray}`));
  expect(found).toEqual([]);
});

it('finds a name that strays', () => {
  expect(strays("const cost = 'ai.cost.usd';\n// 'ai.calls'\nquery(`ai_calls_total`)")).toEqual(['1: ai.cost.usd', '3: ai_calls_total']);
});

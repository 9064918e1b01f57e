import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { promLabel } from '@tallyman/catalog';
import { requireServers } from '@tallyman/testkit';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ruleScope } from '../promql/index.ts';
import { catalogSeries, faultsOf } from '../testing/promql.ts';
import { inRepository, readRepository } from '../testing/repository.ts';
import { alerts, RUNBOOKS, recordings, rulesFile } from './index.ts';

const run = promisify(execFile);
const servers = await requireServers('promtool');
const TESTS = 'prometheus/rules/tests';

const known = catalogSeries();
for (const { name, expression } of recordings) known.set(name, new Set(expression.labels.map(promLabel)));

describe.each([...recordings, ...alerts].map((rule) => [rule.name, rule.expression] as const))('%s', (_, expression) => {
  it('reads declared series by declared labels', () => {
    expect(faultsOf(expression.render(ruleScope), known)).toEqual([]);
  });
});

describe.each(alerts.map((alert) => [alert.name, alert] as const))('%s', (name, alert) => {
  it('names only labels that it has', () => {
    const used = [...`${alert.summary} ${alert.description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(alert.expression.labels.map(promLabel)).toEqual(expect.arrayContaining(used));
  });

  it('has a runbook', () => {
    expect(readRepository(RUNBOOKS)).toContain(`\n## ${name}\n`);
  });

  it('has a promtool case in which it fires and one in which it does not', () => {
    const checks = promtoolChecks().filter(({ expr }) => expr.includes(`"${name}"`));
    expect(checks.filter(({ exp_samples: [sample] }) => sample?.labels.includes('alertstate="firing"')).length).toBeGreaterThan(0);
    expect(checks.filter(({ exp_samples: samples }) => samples.length === 0).length).toBeGreaterThan(0);
  });
});

interface PromtoolCheck {
  readonly expr: string;
  readonly exp_samples: readonly { readonly labels: string }[];
}

function testFiles(): string[] {
  return readdirSync(inRepository(TESTS)).filter((name) => name.endsWith('.test.yaml'));
}

function promtoolChecks(): PromtoolCheck[] {
  return testFiles().flatMap((name) => {
    const { tests } = parse(readRepository(`${TESTS}/${name}`) ?? '') as { tests: { promql_expr_test: PromtoolCheck[] }[] };
    return tests.flatMap((test) => test.promql_expr_test);
  });
}

it('no section of the runbooks is about an alert that is gone', () => {
  const sections = [...(readRepository(RUNBOOKS) ?? '').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  expect(sections).toEqual(alerts.map(({ name }) => name));
});

it('the rule file in the repository is the generated one', () => {
  expect(readRepository('prometheus/rules/tallyman.yaml')).toBe(rulesFile());
});

describe.skipIf(servers.missing)('promtool', () => {
  const promtool = (...args: string[]) => run(servers.found.promtool?.path ?? 'promtool', args, { cwd: inRepository(TESTS) });

  it('accepts the rules without a lint', async () => {
    const { stdout } = await promtool('check', 'rules', '--lint=all', '--lint-fatal', '../tallyman.yaml');
    expect(stdout).toContain(`SUCCESS: ${recordings.length + alerts.length} rules found`);
  });

  it('sees every rule behave as its tests say', async () => {
    const { stdout } = await promtool('test', 'rules', ...testFiles());
    expect(stdout.match(/SUCCESS/g)).toHaveLength(testFiles().length);
  });
});

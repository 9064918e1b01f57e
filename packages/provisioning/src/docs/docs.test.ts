import { allAliases, allMetrics, promName } from '@tallyman/catalog';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../files.ts';
import { readRepository } from '../testing/repository.ts';
import { markdownTable, replaceBlock } from './markdown.ts';
import { metricTables } from './metrics.ts';
import { supportsTable } from './supports.ts';

const tables = metricTables();
/** Without the padding of columns. */
const compact = (text: string) => text.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');

describe('the tables of metrics', () => {
  it.each([...allMetrics, ...allAliases].map((metric) => [metric.name, metric] as const))('name %s in Prometheus and say what it means', (name, metric) => {
    const suffix = metric.instrument === 'histogram' ? '_{bucket,sum,count}' : '';
    const row = compact(tables)
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}${metric.source === 'guide' && !name.includes('.') ? suffix : ''}\` |`));
    expect(row).toContain(`\`${promName(metric)}${suffix}\``);
    expect(row).toContain(metric.meaning);
    for (const bound of metric.buckets ?? []) expect(row).toContain(String(bound));
  });

  it('tell attributes of one name and different meaning apart', () => {
    expect(compact(tables)).toContain('| `type` of `token.spend` | `type` | at most 20');
    expect(compact(tables)).toContain('| `type` of `generation.success`, `generation.failure` | `type` | at most 50');
  });

  it('are rows as wide as their head', () => {
    for (const table of tables.split('\n\n').filter((block) => block.startsWith('|'))) {
      const widths = table.split('\n').map((line) => line.match(/(?<!\\)\|/g)?.length);
      expect(new Set(widths).size, table.slice(0, 80)).toBe(1);
    }
  });

  it('stand in docs/metrics.md as generated', () => {
    expect(readRepository('docs/metrics.md')).toContain(tables);
  });
});

describe('a generated block', () => {
  const page = 'Head\n\n<!-- generated: x -->\nold\n<!-- /generated: x -->\n\nTail\n';

  it('replaces what is between its markers, and again without a difference', () => {
    const once = replaceBlock(page, 'x', 'new');
    expect(once).toBe('Head\n\n<!-- generated: x -->\n\nnew\n\n<!-- /generated: x -->\n\nTail\n');
    expect(replaceBlock(once, 'x', 'new')).toBe(once);
  });

  it('leaves a page without its marker alone, and refuses one whose end is missing', () => {
    expect(replaceBlock(page, 'y', 'new')).toBe(page);
    expect(() => replaceBlock('<!-- generated: x -->', 'x', 'new')).toThrow('<!-- /generated: x -->');
  });
});

describe('the table of what is supported', () => {
  const versions = { from: '5.0.0', below: '7.0.0' };

  it('has a line for each package, however many files of it are hooked', () => {
    const adapters = [
      {
        name: 'bullmq',
        rows: [
          { module: 'bullmq', versions },
          { module: 'bullmq', versions },
        ],
      },
      { name: 'anthropic', rows: [{ module: '@anthropic-ai/sdk', versions: { from: '0.50.0', below: '1.0.0' } }] },
    ];
    const lines = compact(supportsTable([{ title: 'Job queues', adapters }])).split('\n');
    expect(lines.slice(2)).toEqual([
      '| Job queues | `bullmq` | `>=5.0.0 <7.0.0` | `bullmq` |',
      '| Job queues | `@anthropic-ai/sdk` | `>=0.50.0 <1.0.0` | `anthropic` |',
    ]);
  });
});

it('pads columns, and escapes what would end a cell', () => {
  expect(markdownTable(['a'], [['x|y']])).toBe('| a    |\n| ---- |\n| x\\|y |');
});

const noEnds = { ends: [], limits: [], collectors: [] };
const processes = async () => ({});

describe('the generated files', () => {
  it('leave out pages that have no place for a block, and ask for adapters only when one has', async () => {
    const files = await generatedFiles({
      read: () => undefined,
      domains: () => Promise.reject(new Error('asked')),
      ends: () => Promise.reject(new Error('asked')),
      processes: () => Promise.reject(new Error('asked')),
    });
    expect(files.map(({ path }) => path)).toEqual(['grafana/dashboards/overview.json', 'prometheus/rules/tallyman.yaml']);
  });

  it('fill the README from the adapters', async () => {
    const read = (path: string) => (path === 'README.md' ? '# T\n<!-- generated: supports -->\n<!-- /generated: supports -->\n' : undefined);
    const files = await generatedFiles({ read, domains: async () => [{ title: 'AI calls', adapters: [] }], ends: async () => noEnds, processes });
    expect(files.find(({ path }) => path === 'README.md')?.content).toMatch(/\| Measured +\| Package +\|/);
  });

  it('fill several places of one page', async () => {
    const page = ['supports', 'ends'].map((block) => `<!-- generated: ${block} -->\n<!-- /generated: ${block} -->\n`).join('');
    const ends = async () => ({
      ends: [{ how: 'by itself', end: 0 }],
      limits: [{ how: '`SIGKILL`', end: 'SIGKILL', arrivesInstead: 'little' }],
      collectors: [{ how: 'refuses', arrives: 'nothing', says: 'lost' }],
    });
    const [readme] = (await generatedFiles({ read: () => page, domains: async () => [], ends, processes })).filter(({ path }) => path === 'README.md');
    const text = compact(readme?.content ?? '');
    expect(text).toContain('| Measured |');
    expect(text).toContain('| by itself | code 0 | everything | |');
    expect(text).toContain('| `SIGKILL` | `SIGKILL` | little | |');
    expect(text).toContain('| refuses | nothing | one line: “lost” |');
  });

  it('fill docs/processes.md from the rows of the tests, by their headings', async () => {
    const read = (path: string) => (path === 'docs/processes.md' ? '<!-- generated: processes -->\n<!-- /generated: processes -->\n' : undefined);
    const rows = [
      { name: '`node -e`', outcome: 'measured once', arrives: { calls: 1, requests: 2, jobs: 0, instances: 1 } },
      { name: 'old', outcome: 'nothing', arrives: { calls: 0, requests: 0, instances: 0 }, says: [/old/] },
    ];
    const repository = { read, domains: async () => [], ends: async () => noEnds, processes: async () => ({ Starts: rows }) };
    const page = (await generatedFiles(repository)).find(({ path }) => path === 'docs/processes.md');
    const lines = compact(page?.content ?? '').split('\n');
    expect(lines).toContain('## Starts');
    expect(lines).toContain('| `node -e` | measured once | 1 call, 2 requests from 1 | |');
    expect(lines).toContain('| old | nothing | nothing | 1 line |');
  });

  it('are what the repository has', async () => {
    const [overview] = await generatedFiles({ read: () => undefined, domains: async () => [], ends: async () => noEnds, processes });
    expect(readRepository('grafana/dashboards/overview.json')).toBe(overview?.content);
  });
});

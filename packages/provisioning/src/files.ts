import { dashboards } from './dashboards/index.ts';
import { type DocumentedEnds, endsTables } from './docs/ends.ts';
import { replaceBlock } from './docs/markdown.ts';
import { metricTables } from './docs/metrics.ts';
import { type DocumentedProcesses, processTables } from './docs/processes.ts';
import { type SupportedDomain, supportsTable } from './docs/supports.ts';
import { rulesFile } from './rules/index.ts';

/** A file of the repository and what it has to contain. */
export interface GeneratedFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** What the generator reads of the repository as it is. */
export interface Repository {
  /** The text of a file; undefined when there is none. */
  readonly read: (path: string) => string | undefined;
  /** Every domain that has adapters; asked only when a file wants the table of what is supported. */
  readonly domains: () => Promise<readonly SupportedDomain[]>;
  /** How processes end and what arrives then; asked only when a file wants the tables of it. */
  readonly ends: () => Promise<DocumentedEnds>;
  /** Ways to run Node and what is measured there; asked only when a file wants the tables of it. */
  readonly processes: () => Promise<DocumentedProcesses>;
}

const BLOCKS: readonly { readonly path: string; readonly block: string; readonly content: (repository: Repository) => string | Promise<string> }[] = [
  { path: 'docs/metrics.md', block: 'metrics', content: metricTables },
  { path: 'README.md', block: 'supports', content: async ({ domains }) => supportsTable(await domains()) },
  { path: 'README.md', block: 'ends', content: async ({ ends }) => endsTables(await ends()) },
  { path: 'docs/processes.md', block: 'processes', content: async ({ processes }) => processTables(await processes()) },
];

/** Every generated file: dashboards and rules as a whole, and hand-written pages with new blocks between their markers. */
export async function generatedFiles(repository: Repository): Promise<GeneratedFile[]> {
  const files: GeneratedFile[] = Object.entries(dashboards).map(([name, dashboard]) => ({
    path: `grafana/dashboards/${name}`,
    content: `${JSON.stringify(dashboard, null, 2)}\n`,
  }));
  files.push({ path: 'prometheus/rules/tallyman.yaml', content: rulesFile() });
  const pages = new Map<string, string>();
  for (const { path, block, content } of BLOCKS) {
    const text = pages.get(path) ?? repository.read(path);
    if (text?.includes(`<!-- generated: ${block} -->`)) pages.set(path, replaceBlock(text, block, await content(repository)));
  }
  for (const [path, content] of pages) files.push({ path, content });
  return files;
}

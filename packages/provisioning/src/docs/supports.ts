import { code, markdownTable } from './markdown.ts';

/** What the table reads of an adapter (`Adapter` of @tallyman/core). */
export interface SupportedAdapter {
  readonly name: string;
  readonly rows: readonly SupportedPackage[];
  readonly announced?: readonly SupportedPackage[];
}

interface SupportedPackage {
  readonly module: string;
  readonly versions: { readonly from: string; readonly below: string };
}

/** The adapters of one domain, with the words for what they measure. */
export interface SupportedDomain {
  readonly title: string;
  readonly adapters: readonly SupportedAdapter[];
}

/** The README's table of what is supported: a line for each package of each adapter. */
export function supportsTable(domains: readonly SupportedDomain[]): string {
  const rows = domains.flatMap(({ title, adapters }) => adapters.flatMap((adapter) => packagesOf(adapter).map((cells) => [title, ...cells])));
  return markdownTable(['Measured', 'Package', 'Versions', 'Name of the adapter'], rows);
}

/** Several rows of one package and range are one line, several ranges of a package are listed in it. */
function packagesOf({ name, rows, announced = [] }: SupportedAdapter): string[][] {
  const ranges = new Map<string, Set<string>>();
  for (const { module, versions } of [...rows, ...announced]) {
    const range = `>=${versions.from} <${versions.below}`;
    ranges.set(module, (ranges.get(module) ?? new Set()).add(range));
  }
  return [...ranges].map(([module, known]) => [code(module), [...known].map(code).join(', '), code(name)]);
}

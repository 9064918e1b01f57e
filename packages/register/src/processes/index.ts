import { children } from './children.ts';
import { modules } from './modules.ts';
import { naming } from './naming.ts';
import { neighbours } from './neighbours.ts';
import type { ProcessRow } from './row.ts';
import { starters } from './starters.ts';
import { surroundings } from './surroundings.ts';
import { versions } from './versions.ts';

/** The rows by their headings in docs/processes.md. */
export const processRows: Readonly<Record<string, readonly ProcessRow[]>> = {
  'How an application is run': starters,
  'Children and threads': children,
  'How the preload is named': naming,
  'Beside other telemetry': neighbours,
  'Surroundings and flags': surroundings,
  'Bundles and unusual modules': modules,
  'Versions of Node': versions,
};

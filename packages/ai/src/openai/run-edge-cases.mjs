import { createRequire } from 'node:module';
import { edgeCases, furtherCases } from './edge-cases.mjs';

/** Runs the cases on bare clients and prints what the application sees: `node run-edge-cases.mjs <folder of the package> <url> <unreachable url>`. */
const [name, baseURL, unreachableURL] = process.argv.slice(2);

async function run({ OpenAI }) {
  const client = new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 });
  const unreachable = new OpenAI({ apiKey: 'none', baseURL: unreachableURL, maxRetries: 0 });
  const results = {};
  for (const [title, act] of Object.entries({ ...edgeCases, ...furtherCases })) results[title] = await act({ client, unreachable });
  return results;
}

const commonjs = await run(createRequire(import.meta.url)(name));
const module = await run(await import(name));
process.stdout.write(JSON.stringify({ commonjs, module }), () => process.exit(0));

import { createRequire } from 'node:module';
import { edgeCases, furtherCases } from './edge-cases.mjs';

/** Runs the cases on a bare client and prints what the application sees: `node run-edge-cases.mjs <folder> <commonjs|module> <url> <unreachable url>`. */
const [name, format, baseURL, unreachableURL] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { OpenAI } = format === 'commonjs' ? require(name) : await import(name);
const clients = {
  client: new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 }),
  unreachable: new OpenAI({ apiKey: 'none', baseURL: unreachableURL, maxRetries: 0 }),
};
const results = {};
for (const [title, run] of Object.entries({ ...edgeCases, ...furtherCases })) results[title] = await run(clients);
process.stdout.write(JSON.stringify(results));
process.exit(0);

#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`[tallyman] Node ${process.versions.node} is too old: tallyman needs Node 22.15 or newer\n`);
  process.exitCode = 1;
} else {
  // Loaded only here: its dependencies do not load on an older Node.
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv.slice(2));
}
